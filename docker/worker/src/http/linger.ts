import type { IncomingMessage } from 'node:http';

/** For how long what a refused sender goes on sending is read, so that the refusal reaches them. */
export const LINGER_MS = 10_000;

/**
 * Reads what is still being sent after the answer, and ends the connection if that goes on: closed at once, it would take the
 * answer along, and read to its end, it would be a way to keep us busy.
 */
export function linger(request: IncomingMessage, ms: number): void {
  if (request.complete) return;
  request.resume();
  const late = setTimeout(() => request.socket.destroy(), ms);
  request.once('close', () => clearTimeout(late));
}
