import { createReadStream } from 'node:fs';
import type { SubmitJobResponse } from '../../core/contract/api';
import { CliError, UnreachableError } from '../errors';
import { networkError } from '../api/network-error';
import { parseRetryAfter, Retryable } from '../api/retry';

export type UploadTarget = Pick<NonNullable<SubmitJobResponse['upload']>, 'method' | 'url' | 'headers'>;

/** A file, or a part of it. */
export interface Stretch {
  path: string;
  /** The first byte. @default 0 */
  start?: number;
  /** Bytes. */
  size: number;
}

/** An address does not hold any more: the API has a fresh one, or knows that none is needed. */
export class LapsedAddress extends Retryable {}

/**
 * Streams a file, or a part of it, to a presigned address, in constant memory. One try: after a failure the caller asks
 * the API again, which knows whether the audio arrived and gives a fresh address if not.
 *
 * @param progress is called with the bytes sent so far
 * @returns the store's `ETag`; empty if it names none
 * @throws Retryable for all that a later try may overcome, {@link LapsedAddress} included
 */
export async function upload(
  { path, start = 0, size }: Stretch,
  target: UploadTarget,
  progress: (sent: number) => void,
  signal?: AbortSignal,
): Promise<string> {
  let sent = 0;
  const source = createReadStream(path, {
    highWaterMark: 256 * 1024,
    start,
    end: Math.max(start, start + size - 1),
  });
  async function* metered() {
    for await (const chunk of source as AsyncIterable<Buffer>) {
      progress((sent += chunk.length));
      yield chunk;
    }
  }
  const host = new URL(target.url).origin;
  try {
    const answer = await fetch(target.url, {
      method: target.method,
      // The store refuses bodies whose length it does not know beforehand.
      headers: { ...target.headers, 'content-length': String(size) },
      // Pulled chunk by chunk. Readable.toWeb() would count its buffer in chunks, and read gigabytes ahead.
      body: metered(),
      duplex: 'half',
      // Otherwise fetch keeps a copy of all that it sends, for a redirect that it might have to follow.
      redirect: 'error',
      window: null,
      signal,
    });
    const text = await answer.text();
    if (!answer.ok) throw refusal(answer, text, host);
    return answer.headers.get('etag') ?? '';
  } catch (error) {
    const unreadable = source.errored;
    if (unreadable !== null) {
      throw new CliError('file_unreadable', `Cannot read ${path}: ${unreadable.message}`);
    }
    if (sent < size && source.readableEnded && signal?.aborted !== true) {
      throw new CliError('file_changed', `${path} shrank while it was uploaded; run the command again`);
    }
    throw networkError(error, host, signal);
  } finally {
    source.destroy();
  }
}

function refusal(answer: Response, text: string, host: string): Error {
  const code = /<Code>([^<]{1,100})<\/Code>/.exec(text)?.[1] ?? '';
  const failure = new UnreachableError(`The upload to ${host} was refused: ${answer.status} ${code}`.trim());
  const retryAfterMs = parseRetryAfter(answer.headers.get('retry-after'));
  if (answer.status === 403 || code === 'NoSuchUpload') return new LapsedAddress(failure, retryAfterMs);
  const passing = answer.status >= 500 || [408, 429].includes(answer.status) || code === 'RequestTimeout';
  return passing ? new Retryable(failure, retryAfterMs) : failure;
}
