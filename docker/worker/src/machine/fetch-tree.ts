import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { text } from 'node:stream/consumers';
import { GetObjectCommand, HeadObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { SpotscribeError } from '../../../../core/contract/errors';
import { again } from '../models/fetch-object';
import { readAhead } from './read-ahead';

/** One connection to S3 has about 80 MB/s. The network of a machine is many times faster. */
const CONNECTIONS = 16;
/** All parts in flight are in memory: a quarter of a GiB. */
const PART_BYTES = 16 << 20;
/** First bytes of a file that zstd has compressed. */
const ZSTD = Buffer.from([0x28, 0xb5, 0x2f, 0xfd]);
/** Longest time of a part. */
const PART_MS = 60_000;

/** Name of the folder of a tree. The boot script builds the same name. */
export const treeName = (uri: string): string => basename(uri, '.tar');

/**
 * Fetches the file system of an image and unpacks it. A tree gets its name when it is complete. A
 * complete tree is not fetched again.
 *
 * @param uri `s3://<bucket>/<key>` of a tar archive, which may be compressed with zstd
 * @param trees folder of all trees
 * @returns folder of the tree
 * @throws SpotscribeError `internal` if the archive cannot be fetched or unpacked
 */
export async function fetchTree(
  s3: S3Client,
  uri: string,
  trees: string,
  partBytes = PART_BYTES,
): Promise<string> {
  const root = join(trees, treeName(uri));
  if (existsSync(root)) return root;
  const partial = `${root}.part`;
  await rm(partial, { recursive: true, force: true });
  await mkdir(partial, { recursive: true, mode: 0o755 });
  try {
    await unpack(await open(s3, uri, partBytes), partial);
  } catch (error) {
    throw new SpotscribeError(
      'internal',
      `The file system ${uri} could not be fetched: ${(error as Error).message}. Deploy the path again.`,
      { cause: error },
    );
  }
  await rename(partial, root);
  return root;
}

/** The bytes of the archive, in order, fetched by several connections. */
async function open(s3: S3Client, uri: string, partBytes: number): Promise<AsyncGenerator<Uint8Array>> {
  const [, Bucket, Key] = /^s3:\/\/([^/]+)\/(.+)$/.exec(uri) ?? [];
  if (Bucket === undefined) throw new Error('its address must be s3://<bucket>/<key>');
  const { ContentLength: size = 0, ETag: IfMatch } = await s3.send(new HeadObjectCommand({ Bucket, Key }));
  const starts = Array.from({ length: Math.ceil(size / partBytes) }, (_, index) => index * partBytes);
  return readAhead(starts, CONNECTIONS, (start) =>
    again.execute(async () => {
      const end = Math.min(start + partBytes, size);
      const Range = `bytes=${start}-${end - 1}`;
      const abortSignal = AbortSignal.timeout(PART_MS);
      const { Body } = await s3.send(new GetObjectCommand({ Bucket, Key, IfMatch, Range }), { abortSignal });
      const bytes = await Body?.transformToByteArray();
      if (bytes?.length !== end - start)
        throw new Error(`received ${bytes?.length ?? 0} of ${end - start} bytes`);
      return bytes;
    }),
  );
}

async function unpack(parts: AsyncGenerator<Uint8Array>, folder: string): Promise<void> {
  const first = await parts.next();
  if (first.done === true) throw new Error('it is empty');
  const options = ['--extract', '--preserve-permissions', '--same-owner', '--numeric-owner'];
  // From a pipe, tar does not find that out.
  if (ZSTD.compare(first.value, 0, ZSTD.length) === 0) options.push('--zstd');
  async function* archive() {
    yield first.value;
    yield* parts;
  }
  const tar = spawn('tar', [...options, '--directory', folder], { stdio: ['pipe', 'ignore', 'pipe'] });
  const ended = new Promise<number | null>((resolve, reject) =>
    tar.once('error', reject).once('close', resolve),
  );
  const complaint = text(tar.stderr);
  const [sent, code] = await Promise.allSettled([pipeline(Readable.from(archive()), tar.stdin), ended]);
  // A full disk ends tar first, and then nobody reads the archive.
  if (code.status === 'rejected') throw code.reason;
  if (code.value !== 0) throw new Error(`tar ended with ${code.value}: ${(await complaint).trim()}`);
  if (sent.status === 'rejected') throw sent.reason;
}
