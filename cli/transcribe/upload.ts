import { createReadStream } from 'node:fs';
import type { SubmitJobResponse } from '../../core/contract/api';
import { CliError, UnreachableError } from '../errors';
import { networkError } from '../api/network-error';
import { parseRetryAfter, Retryable } from '../api/retry';

export type UploadTarget = Pick<NonNullable<SubmitJobResponse['upload']>, 'method' | 'url' | 'headers'>;

/** A file, or a part of it. */
export interface Stretch {
  path: string;
  /** Offset of the first byte. @default 0 */
  start?: number;
  /** Length in bytes. */
  size: number;
}

/** A presigned URL has expired. The API gives a new one, or reports that none is needed. */
export class ExpiredUrl extends Retryable {}

/**
 * Streams a file, or a part of it, to a presigned URL, in constant memory. It tries once: after a
 * failure the caller asks the API again, which knows whether the audio arrived and otherwise gives
 * a new URL.
 *
 * @param progress is called with the bytes sent so far
 * @returns the `ETag` of the store's answer; empty if there is none
 * @throws Retryable for failures that a retry may solve, including {@link ExpiredUrl}
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
      // The store refuses bodies of unknown length.
      headers: { ...target.headers, 'content-length': String(size) },
      // Read chunk by chunk. Readable.toWeb() counts its buffer in chunks, and would read gigabytes
      // ahead.
      body: metered(),
      duplex: 'half',
      // Otherwise fetch keeps a copy of the whole body, in case it has to follow a redirect.
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
      throw new CliError('file_changed', `${path} became shorter during the upload. Run the command again`);
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
  if (answer.status === 403 || code === 'NoSuchUpload') return new ExpiredUrl(failure, retryAfterMs);
  const passing = answer.status >= 500 || [408, 429].includes(answer.status) || code === 'RequestTimeout';
  return passing ? new Retryable(failure, retryAfterMs) : failure;
}
