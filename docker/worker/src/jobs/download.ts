import { createWriteStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { GetObjectCommand, type S3Client, S3ServiceException } from '@aws-sdk/client-s3';
import { SpotscribeError } from '../../../../core/contract/errors';
import { DiskFull } from '../errors';
import { stallGuard } from '../http/stall-guard';

/** Number of attempts without a new byte after which a download fails. */
const FRUITLESS_TRIES = 5;

const INPUT = 'input';

export interface DownloadLimits {
  /** Largest object in bytes. */
  maxBytes: number;
  /** Returns the free bytes on the disk. */
  freeBytes: () => Promise<number>;
  /** Milliseconds without a byte after which the connection is closed. @default 20000 */
  stallMs?: number;
  /** What is downloaded, in messages. @default 'input' */
  what?: string;
  /** First pause between attempts in milliseconds, doubled each time. @default 200 */
  pauseMs?: number;
}

/** A version of an object. */
export interface ObjectSource {
  Bucket: string;
  Key: string;
  /** @default - the newest version */
  VersionId?: string;
  /** Expected ETag: without versioning, another object may have the same version id. */
  IfMatch?: string;
}

/**
 * Downloads a version of an object to a file. After a connection failure it continues at the same
 * position.
 *
 * @returns size in bytes
 * @throws SpotscribeError `source_not_found`, `source_forbidden`, `upload_too_large` (permanent);
 * other errors are retryable
 * @throws DiskFull if the file does not fit
 */
export async function download(
  s3: S3Client,
  source: ObjectSource,
  file: string,
  limits: DownloadLimits,
  signal: AbortSignal,
): Promise<number> {
  const { stallMs = 20_000, pauseMs = 200, what = INPUT } = limits;
  let got = 0;
  let etag = source.IfMatch;
  for (let fruitless = 0; ;) {
    try {
      const wanted = { ...source, IfMatch: etag, ...(got > 0 && { Range: `bytes=${got}-` }) };
      const answer = await s3.send(new GetObjectCommand(wanted), { abortSignal: signal });
      const body = answer.Body as Readable;
      // The body may fail before the pipeline listens, and an unhandled error would end the
      // process.
      body.on('error', () => undefined);
      // The answer has the whole object, not only the requested rest.
      if (got > 0 && answer.ContentRange === undefined) got = 0;
      const size = got + (answer.ContentLength ?? 0);
      etag = answer.ETag;
      await checkSize(size, got, limits).catch((error: unknown) => {
        body.destroy();
        throw error;
      });
      await pipeline(
        body,
        stallGuard(stallMs),
        createWriteStream(file, { flags: got > 0 ? 'a' : 'w', mode: 0o640 }),
        { signal },
      );
      const { size: written } = await stat(file);
      if (written === size) return size;
      throw new Error(`received ${written} of ${size} bytes`);
    } catch (error) {
      signal.throwIfAborted();
      const before = got;
      got = await sizeOf(file);
      const fault = classify(error, got, what);
      if (fault !== undefined) throw fault;
      // The object has no bytes after this position, but the file is not complete: start again.
      if (error instanceof S3ServiceException && error.$metadata.httpStatusCode === 416) got = 0;
      fruitless = got > before ? 0 : fruitless + 1;
      if (fruitless === FRUITLESS_TRIES) {
        throw new SpotscribeError('internal', `The ${what} could not be downloaded from S3`, {
          cause: error,
        });
      }
      await sleep(pauseMs * 2 ** fruitless, undefined, { signal }).catch(() => signal.throwIfAborted());
    }
  }
}

async function checkSize(size: number, got: number, limits: DownloadLimits): Promise<void> {
  if (size > limits.maxBytes) {
    throw new SpotscribeError(
      'upload_too_large',
      `The ${limits.what ?? INPUT} has ${size} bytes; at most ${limits.maxBytes} are accepted`,
    );
  }
  // Checked before the download, because a full disk also affects the other job and the model
  // services.
  if (size - got > (await limits.freeBytes())) throw new DiskFull(size);
}

/** Returns the error that ends the download, or undefined if a retry may help. */
function classify(error: unknown, got: number, what: string): SpotscribeError | undefined {
  if (error instanceof SpotscribeError) return error;
  const code = (error as NodeJS.ErrnoException | undefined)?.code;
  if (code === 'ENOSPC' || code === 'EDQUOT') return new DiskFull(got, { cause: error });
  if (!(error instanceof S3ServiceException)) return undefined;
  if (['NoSuchKey', 'NoSuchVersion', 'NotFound'].includes(error.name))
    return sourceGone({ cause: error }, what);
  if (error.$metadata.httpStatusCode === 412) {
    return new SpotscribeError('source_not_found', `Another file has replaced the ${what} in the bucket`, {
      cause: error,
    });
  }
  // Compare names: expired credentials and clock skew also return 403, but are not the caller's
  // fault.
  if (error.name === 'AccessDenied' || error.name === 'InvalidObjectState') {
    return new SpotscribeError(
      'source_forbidden',
      `S3 does not allow reading the ${what}: ${error.name} ${error.message}`,
      { cause: error },
    );
  }
  return undefined;
}

/** Error for an input that no longer exists. */
export const sourceGone = (options?: ErrorOptions, what = INPUT): SpotscribeError =>
  new SpotscribeError('source_not_found', `The ${what} is no longer in the bucket`, options);

const sizeOf = (file: string) =>
  stat(file).then(
    ({ size }) => size,
    () => 0,
  );
