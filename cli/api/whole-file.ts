import { UnreachableError } from '../errors';
import { Retryable } from './retry';

/**
 * The bytes of a file in an answer.
 *
 * @throws Retryable after the last byte if some are missing
 */
export async function* wholeFile(
  { body }: Response,
  { name, bytes }: { name: string; bytes: number },
): AsyncGenerator<Uint8Array> {
  let received = 0;
  for await (const chunk of (body ?? []) as AsyncIterable<Uint8Array>) {
    received += chunk.length;
    yield chunk;
  }
  if (received === bytes) return;
  const cut = `The object store returned ${received} of ${bytes} bytes of ${name}`;
  throw new Retryable(new UnreachableError(cut));
}
