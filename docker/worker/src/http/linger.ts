import type { IncomingMessage } from 'node:http';

/**
 * Milliseconds for which the rest of a refused upload is read, so that the refusal reaches the
 * sender.
 */
export const LINGER_MS = 10_000;

/**
 * Reads the rest of a request after the answer, for a limited time, then closes the connection.
 * Closing it immediately could discard the answer. Reading without a limit would let clients keep
 * the server busy.
 */
export function linger(request: IncomingMessage, ms: number): void {
  if (request.complete) return;
  request.resume();
  const late = setTimeout(() => request.socket.destroy(), ms);
  request.once('close', () => clearTimeout(late));
}
