import { createReadStream } from 'node:fs';
import type { SubmitJobResponse } from '../lambda/contract';
import { CliError, UnreachableError } from './errors';
import { networkError } from './network-error';
import { parseRetryAfter, Retryable } from './retry';

export type UploadTarget = NonNullable<SubmitJobResponse['upload']>;

/**
 * Streams a file to a presigned address, in constant memory. One try: after a failure the caller asks the API again,
 * which knows whether the audio arrived and gives a fresh address if not.
 *
 * @param progress is called with the bytes sent so far
 * @throws Retryable for all that a later try may overcome, an address that has lapsed included
 */
export async function upload(
  file: { path: string; size: number },
  target: UploadTarget,
  progress: (sent: number) => void,
  signal?: AbortSignal,
): Promise<void> {
  let sent = 0;
  const source = createReadStream(file.path, { highWaterMark: 256 * 1024, end: Math.max(0, file.size - 1) });
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
      headers: { ...target.headers, 'content-length': String(file.size) },
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
  } catch (error) {
    const unreadable = source.errored;
    if (unreadable !== null) {
      throw new CliError('file_unreadable', `Cannot read ${file.path}: ${unreadable.message}`);
    }
    if (sent < file.size && source.readableEnded && signal?.aborted !== true) {
      throw new CliError('file_changed', `${file.path} shrank while it was uploaded; run the command again`);
    }
    throw networkError(error, host, signal);
  } finally {
    source.destroy();
  }
}

function refusal(answer: Response, text: string, host: string): Error {
  const code = /<Code>([^<]{1,100})<\/Code>/.exec(text)?.[1] ?? '';
  const failure = new UnreachableError(`The upload to ${host} was refused: ${answer.status} ${code}`.trim());
  const passing =
    answer.status >= 500 || [403, 408, 429].includes(answer.status) || code === 'RequestTimeout';
  return passing ? new Retryable(failure, parseRetryAfter(answer.headers.get('retry-after'))) : failure;
}
