import type { FileHandle } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { GetObjectCommand, type S3Client, S3ServiceException } from '@aws-sdk/client-s3';
import { SpotscribeError } from '../../../../core/contract/errors';
import type { CachedFile } from './model-cache';

const TRIES = 5;
/** Milliseconds without a byte after which a part is requested again. */
const STALL_MS = 20_000;
/** Bytes per write: separate writes of the 64 KiB chunks of a socket would be slower. */
const BLOCK_BYTES = 1 << 20;

/** Bytes from `start` to `end`, exclusive. */
export interface Stretch {
  start: number;
  end: number;
}

/**
 * Fetches a range of the listed version of an object into a file.
 *
 * @throws SpotscribeError `model_missing` if the object has changed; otherwise the error of the
 * last attempt
 */
export async function fetchStretch(
  s3: S3Client,
  bucket: string,
  file: CachedFile,
  stretch: Stretch,
  handle: FileHandle,
): Promise<void> {
  for (let tries = 1; ; tries++) {
    try {
      return await tryStretch(s3, bucket, file, stretch, handle);
    } catch (error) {
      if (error instanceof S3ServiceException && error.$metadata.httpStatusCode === 412) {
        throw new SpotscribeError(
          'model_missing',
          `The model file ${file.key} changed in the cache during the fetch. Fetch it again.`,
        );
      }
      // A retry does not help if the disk is full.
      if (tries === TRIES || (error as NodeJS.ErrnoException).code === 'ENOSPC') throw error;
      await sleep(200 * 2 ** tries);
    }
  }
}

async function tryStretch(
  s3: S3Client,
  Bucket: string,
  { key, etag }: CachedFile,
  { start, end }: Stretch,
  handle: FileHandle,
): Promise<void> {
  const { Body } = await s3.send(
    new GetObjectCommand({ Bucket, Key: key, IfMatch: etag, Range: `bytes=${start}-${end - 1}` }),
  );
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
