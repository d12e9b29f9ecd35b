import type { IncomingMessage, ServerResponse } from 'node:http';
import { audioSecondsOf } from '../../../../core/contract/http';

/** Longer than the event that tells of a failure. */
const TAIL_BYTES = 4096;

/**
 * Seconds of audio that a model service has worked on, by the headers of its answer, once that is over; 0 if the service
 * failed. Who leaves before the end has had the work all the same.
 *
 * @param answer of the service, none of it read yet
 * @param response through which it is passed on
 */
export function workDone(answer: IncomingMessage, response: ServerResponse): () => number {
  const { statusCode = 0, headers } = answer;
  const seconds = audioSecondsOf(headers);
  if (statusCode >= 300 || seconds === undefined) return () => 0;
  let tail = Buffer.alloc(0);
  let isBroken = false;
  // A stream begins with 200 whatever comes of it: a failure is its last event.
  if (headers['content-type']?.startsWith('text/event-stream'))
    answer.on('data', (chunk: Buffer) => (tail = Buffer.concat([tail, chunk]).subarray(-TAIL_BYTES)));
  answer.once('error', () => (isBroken = !response.destroyed));
  return () => (isBroken || /^data: \{"error":/m.test(tail.toString('utf8')) ? 0 : seconds);
}
