import type { IncomingMessage, ServerResponse } from 'node:http';
import { measureOf } from '../../../../core/contract/http';

/** Longer than an event that reports a failure. */
const TAIL_BYTES = 4096;

/**
 * Returns a function that gives the work of a model service, from a header of its answer, when the
 * answer has ended. 0 if the service failed. If the caller leaves early, the work still counts.
 *
 * @param answer answer of the service, not yet read
 * @param response response to the caller
 * @param header name of the header with the work
 */
export function workDone(answer: IncomingMessage, response: ServerResponse, header: string): () => number {
  const { statusCode = 0, headers } = answer;
  const work = measureOf(headers, header);
  if (statusCode >= 300 || work === undefined) return () => 0;
  let tail = Buffer.alloc(0);
  let isBroken = false;
  // A stream always begins with 200. A failure is its last event.
  if (headers['content-type']?.startsWith('text/event-stream'))
    answer.on('data', (chunk: Buffer) => (tail = Buffer.concat([tail, chunk]).subarray(-TAIL_BYTES)));
  answer.once('error', () => (isBroken = !response.destroyed));
  return () => (isBroken || /^data: \{"error":/m.test(tail.toString('utf8')) ? 0 : work);
}
