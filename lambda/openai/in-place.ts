import { type Asked, type MachineAnswer } from './ask-machine';
import { MAX_ANSWER_BYTES } from '../frame/fitted';
import type { Unsupported } from './form-options';
import { Refusal, type Response } from '../frame/refusal';
import { secondsUntilDone } from './when-done';

/** A machine's answer as the function's. */
export const passedOn = ({ status, headers, body }: MachineAnswer): Response => ({
  statusCode: status,
  headers,
  body,
});

/** Why a recording does not become a job when no machine answers in place. */
export const WITHOUT_JOB =
  'Leave out "Prefer: wait", or send "Prefer: respond-async", and the recording becomes a job';

/** As {@link WITHOUT_JOB}, for what a job cannot do. */
export const notByJob = ({ param, reason }: Unsupported): string =>
  `The recording does not become a job because of "${param}": ${reason}. Leave it out, or try again later`;

/**
 * Why there is no answer in place, for a request that does not become a job.
 *
 * @param instead what the caller can do
 * @param param the field that keeps it from becoming a job
 */
export function notInPlace(
  asked: Exclude<Asked, { outcome: 'answered' }>,
  { waitSeconds, instead, param }: { waitSeconds: number; instead: string; param?: string },
): Response {
  // OpenAI's clients would repeat these by themselves, and they end as they did.
  const once = { param, shouldRetry: false };
  switch (asked.outcome) {
    case 'busy':
      return passedOn(asked.answer);
    case 'asleep':
      return new Refusal(503, 'busy', `No machine is awake, and this request has woken none. ${instead}`, {
        ...once,
        retryAfterSeconds: secondsUntilDone(0, 'asleep'),
      }).response;
    case 'late':
      return new Refusal(504, 'not_ready', `There was no transcript after ${waitSeconds} s. ${instead}`, once)
        .response;
    case 'large':
      return new Refusal(
        400,
        'invalid_request',
        `The answer has more than ${MAX_ANSWER_BYTES} bytes. ${instead}`,
        once,
      ).response;
  }
}
