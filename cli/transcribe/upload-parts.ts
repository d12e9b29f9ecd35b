import type { LimitFunction } from 'p-limit';
import type { MultipartUpload, UploadPart } from '../../core/contract/api';
import type { CompleteUploadRequest } from '../../core/contract/requests';
import { type Patience, retrying } from '../api/retry';
import { LapsedAddress, upload } from './upload';

/** Larger files go in parts: what breaks is then a part, and an interrupted run leaves those that have arrived. */
export const PARTED_ABOVE_BYTES = 64 * 2 ** 20;

export type SentParts = CompleteUploadRequest['parts'];

/**
 * Sends the parts of a file that the store does not have yet, several at once, each tried again on its own. One that
 * fails for good stops the others.
 *
 * @param places how many parts may be under way, of all files together
 * @param progress is called with the bytes that have been sent so far, by this run or an earlier one
 * @throws Retryable if the addresses have lapsed: the API has fresh ones
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
      // The same address would lapse again: it is not this part that is to be tried once more.
      upload(stretchOf(number), target, counted, signal).catch((error: unknown) => lapsed(error)),
    );
    if (outcome instanceof LapsedAddress) throw outcome;
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
  // Nothing is under way any more when this returns or throws.
  await Promise.allSettled(sending);
  stop.signal.throwIfAborted();
  return Promise.all(sending);
}

function lapsed(error: unknown): LapsedAddress {
  if (error instanceof LapsedAddress) return error;
  throw error;
}
