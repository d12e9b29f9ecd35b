import type { FileHandle } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { GetObjectCommand, type S3Client, S3ServiceException } from '@aws-sdk/client-s3';
import { SpotscribeError } from '../../../lambda/errors';
import { inParallel } from './in-parallel';
import type { CachedFile } from './model-cache';
import { stallGuard } from './stall-guard';

/** One connection to S3 brings some 80 MB/s; a machine's network takes several times that. */
const PART_BYTES = 64 << 20;
const PARTS_AT_ONCE = 6;
const TRIES = 5;
/** How long nothing may come of a part before it is asked for again. */
const STALL_MS = 20_000;

/**
 * Brings an object into a file, large ones in parts at once, all of the version that was listed.
 *
 * @returns whether the ETag is the MD5 of the content: not so for objects under a KMS key or uploaded in parts
 * @throws SpotscribeError `model_missing` if the object has changed, else the failure of the last try
 */
export async function fetchObject(
  s3: S3Client,
  bucket: string,
  file: CachedFile,
  handle: FileHandle,
): Promise<{ etagIsMd5: boolean }> {
  const starts = Array.from({ length: Math.ceil(file.size / PART_BYTES) }, (_, part) => part * PART_BYTES);
  let kms = false;
  await inParallel(starts, PARTS_AT_ONCE, async (start) => {
    const end = Math.min(start + PART_BYTES, file.size);
    for (let tries = 1; ; tries++) {
      try {
        kms = (await fetchPart(s3, bucket, file, handle, start, end)) || kms;
        return;
      } catch (error) {
        const changed = error instanceof S3ServiceException && error.$metadata.httpStatusCode === 412;
        if (changed) {
          throw new SpotscribeError(
            'model_missing',
            `The model file ${file.path} was changed in the cache while it was fetched. Fetch it again.`,
          );
        }
        if (tries === TRIES) throw error;
        await sleep(200 * 2 ** tries);
      }
    }
  });
  return { etagIsMd5: !kms && /^"[0-9a-f]{32}"$/.test(file.etag) };
}

/** Returns whether the object is encrypted with a KMS key. */
async function fetchPart(
  s3: S3Client,
  Bucket: string,
  { key, etag }: CachedFile,
  handle: FileHandle,
  start: number,
  end: number,
): Promise<boolean> {
  const { Body, ServerSideEncryption } = await s3.send(
    new GetObjectCommand({ Bucket, Key: key, IfMatch: etag, Range: `bytes=${start}-${end - 1}` }),
  );
  let position = start;
  await pipeline(Body as Readable, stallGuard(STALL_MS), async (chunks: AsyncIterable<Buffer>) => {
    for await (const chunk of chunks) {
      if (position + chunk.length > end) throw new Error('more bytes came than were asked for');
      await handle.write(chunk, 0, chunk.length, position);
      position += chunk.length;
    }
  });
  if (position !== end) throw new Error(`${position - start} of ${end - start} bytes came`);
  return ServerSideEncryption?.startsWith('aws:kms') ?? false;
}
