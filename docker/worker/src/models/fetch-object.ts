import type { FileHandle } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { GetObjectCommand, type S3Client, S3ServiceException } from '@aws-sdk/client-s3';
import { ExponentialBackoff, handleWhen, retry } from 'cockatiel';
import { SpotscribeError } from '../../../../core/contract/errors';
import type { CachedFile } from './model-cache';

/** How long nothing may come of a part before it is asked for again. */
const STALL_MS = 20_000;
/** Written to the file at once: a write for each 64 KiB that a socket gives would cost more than the copying. */
const BLOCK_BYTES = 1 << 20;

/** Bytes from `start` to the one before `end`. */
export interface Stretch {
  start: number;
  end: number;
}

/** No later try finds the version that was listed, or more room. */
const mayPass = (error: Error) =>
  !(error instanceof SpotscribeError) && (error as NodeJS.ErrnoException).code !== 'ENOSPC';

const again = retry(handleWhen(mayPass), {
  maxAttempts: 4,
  backoff: new ExponentialBackoff({ initialDelay: 700 }),
});

/**
 * Brings a stretch of an object into a file, of the version that was listed.
 *
 * @throws SpotscribeError `model_missing` if the object has changed, else the failure of the last try
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
  // A guard of its own in the stream would touch each of the many chunks once more.
  const body = Body as Readable;
  const silence = setTimeout(() => body.destroy(new Error(`nothing came for ${STALL_MS} ms`)), STALL_MS);
  try {
    for await (const chunk of body as AsyncIterable<Buffer>) {
      silence.refresh();
      if (position + blockBytes + chunk.length > end) throw new Error('more bytes came than were asked for');
      block.push(chunk);
      blockBytes += chunk.length;
      if (blockBytes >= BLOCK_BYTES) await flush();
    }
    await flush();
  } finally {
    clearTimeout(silence);
  }
  if (position !== end) throw new Error(`${position - start} of ${end - start} bytes came`);
}

const isChanged = (error: unknown) =>
  error instanceof S3ServiceException && error.$metadata.httpStatusCode === 412;

const changed = (key: string) =>
  new SpotscribeError(
    'model_missing',
    `The model file ${key} was changed in the cache while it was fetched. Fetch it again.`,
  );
