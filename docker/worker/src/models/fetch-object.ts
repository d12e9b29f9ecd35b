import type { FileHandle } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { GetObjectCommand, type S3Client, S3ServiceException } from '@aws-sdk/client-s3';
import { ExponentialBackoff, handleWhen, retry } from 'cockatiel';
import { SpotscribeError } from '../../../../core/contract/errors';
import type { CachedFile } from './model-cache';

/** Milliseconds without a byte after which a part is requested again. */
const STALL_MS = 20_000;
/** Bytes per write: separate writes of the 64 KiB chunks of a socket would be slower. */
const BLOCK_BYTES = 1 << 20;

/** Bytes from `start` to `end`, exclusive. */
export interface Stretch {
  start: number;
  end: number;
}

/** A retry does not help if the object has changed or the disk is full. */
const mayPass = (error: Error) =>
  !(error instanceof SpotscribeError) && (error as NodeJS.ErrnoException).code !== 'ENOSPC';

/** Repeats a request for a part of an object. */
export const again = retry(handleWhen(mayPass), {
  maxAttempts: 4,
  backoff: new ExponentialBackoff({ initialDelay: 700 }),
});

/**
 * Fetches a range of the listed version of an object into a file.
 *
 * @throws SpotscribeError `model_missing` if the object has changed; otherwise the error of the
 * last attempt
 */
export const fetchStretch = (
  s3: S3Client,
  bucket: string,
  file: CachedFile,
  stretch: Stretch,
  handle: FileHandle,
): Promise<void> => again.execute(() => tryStretch(s3, bucket, file, stretch, handle));

async function tryStretch(
  s3: S3Client,
  Bucket: string,
  { key, etag }: CachedFile,
  { start, end }: Stretch,
  handle: FileHandle,
): Promise<void> {
  const wanted = { Bucket, Key: key, IfMatch: etag, Range: `bytes=${start}-${end - 1}` };
  const { Body } = await s3.send(new GetObjectCommand(wanted)).catch((error: unknown) => {
    throw isChanged(error) ? changed(key) : error;
  });
  let position = start;
  let block: Buffer[] = [];
  let blockBytes = 0;
  const flush = async () => {
    if (blockBytes === 0) return;
    const { bytesWritten } = await handle.writev(block, position);
    if (bytesWritten !== blockBytes) throw new Error(`${bytesWritten} of ${blockBytes} bytes were written`);
    position += blockBytes;
    [block, blockBytes] = [[], 0];
  };
  // A separate guard in the stream would process each chunk again.
  const body = Body as Readable;
  const silence = setTimeout(() => body.destroy(new Error(`no data for ${STALL_MS} ms`)), STALL_MS);
  try {
    for await (const chunk of body as AsyncIterable<Buffer>) {
      silence.refresh();
      if (position + blockBytes + chunk.length > end) throw new Error('received more bytes than requested');
      block.push(chunk);
      blockBytes += chunk.length;
      if (blockBytes >= BLOCK_BYTES) await flush();
    }
    await flush();
  } finally {
    clearTimeout(silence);
  }
  if (position !== end) throw new Error(`received ${position - start} of ${end - start} bytes`);
}

const isChanged = (error: unknown) =>
  error instanceof S3ServiceException && error.$metadata.httpStatusCode === 412;

const changed = (key: string) =>
  new SpotscribeError(
    'model_missing',
    `The model file ${key} changed in the cache during the fetch. Fetch it again.`,
  );
