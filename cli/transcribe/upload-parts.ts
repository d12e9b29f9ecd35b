import type { LimitFunction } from 'p-limit';
import type { MultipartUpload, UploadPart, CompleteUploadRequest } from '../../core/contract/api';
import { type Patience, retrying } from '../api/retry';
import { ExpiredUrl, upload } from './upload';

/**
 * Larger files are uploaded in parts: a failure costs one part, and an interrupted run keeps the
 * others.
 */
export const MULTIPART_ABOVE_BYTES = 64 * 2 ** 20;

export type SentParts = CompleteUploadRequest['parts'];

/**
 * Uploads the parts of a file that the store does not have yet, several at once. Each part is
 * retried separately. A part that fails permanently stops the others.
 *
 * @param places limits how many parts are uploaded at once, for all files together
 * @param progress is called with the bytes sent so far, by this run and earlier ones
 * @throws Retryable if the URLs have expired: the API gives new ones
 */
export async function uploadParts(
  file: { path: string; size: number },
  { part_size, parts }: MultipartUpload,
  places: LimitFunction,
  progress: (sent: number) => void,
  patience: Patience,
): Promise<SentParts> {
  const stop = new AbortController();
  const signals = patience.signal === undefined ? [] : [patience.signal];
  const signal = AbortSignal.any([...signals, stop.signal]);
  const sent = parts.map(({ number, etag }) => (etag === undefined ? 0 : stretchOf(number).size));

  function stretchOf(number: number) {
    const start = (number - 1) * part_size;
    return { path: file.path, start, size: Math.min(part_size, file.size - start) };
  }

  async function send({ number, url }: UploadPart, index: number): Promise<string> {
    signal.throwIfAborted();
    const counted = (bytes: number) => {
      sent[index] = bytes;
      progress(sent.reduce((sum, each) => sum + each, 0));
    };
    const target = { method: 'PUT', url, headers: {} } as const;
    const outcome = await retrying({ ...patience, signal }, () =>
      // Do not retry with an expired URL: the caller gets new ones.
      upload(stretchOf(number), target, counted, signal).catch((error: unknown) => expiredUrl(error)),
    );
    if (outcome instanceof ExpiredUrl) throw outcome;
    return outcome;
  }

  const sending = parts.map(async (part, index) => {
    try {
      const etag = part.etag ?? (await places(() => send(part, index)));
      return { number: part.number, etag };
    } catch (error) {
      stop.abort(error);
      throw error;
    }
  });
  // No upload is running when this function returns or throws.
  await Promise.allSettled(sending);
  stop.signal.throwIfAborted();
  return Promise.all(sending);
}

function expiredUrl(error: unknown): ExpiredUrl {
  if (error instanceof ExpiredUrl) return error;
  throw error;
}
