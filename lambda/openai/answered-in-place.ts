import { type MachineOutcome, askMachine, type MachineAnswer, type MachineRequest } from './ask-machine';
import type { Allowance } from '../frame/allowance';
import type { Tools } from '../frame/runtime';
import { MAX_ANSWER_BYTES } from '../frame/fitted';
import type { Unsupported } from './form-options';
import { Refusal, type Response } from '../frame/refusal';
import type { Preference } from './preference';
import { secondsUntilDone } from './when-done';

/** A recording that a machine is to answer. */
export interface Sent extends MachineRequest {
  /** SHA-256 of the recording and its options. */
  sha256: string;
  /** Whether its audio counts if it is answered: an earlier job may count it. */
  counts: boolean;
}

/** In epoch milliseconds. */
export interface InPlaceTimes {
  /** Until which a machine may take to answer. */
  placeUntilMs: number;
  /** Until which the caller has to be answered. */
  keepUntilMs: number;
}

/**
 * Asks a machine for an answer in place, and counts its audio.
 *
 * @returns what the machines said, where there is no answer
 */
export async function answerInPlace(
  { sha256, counts, ...sent }: Sent,
  machinesUrl: string,
  { placeUntilMs, keepUntilMs }: InPlaceTimes,
  allowance: Allowance,
  tools: Tools,
): Promise<{ response: Response } | { asked: NotAnswered }> {
  const limits = { milliseconds: placeUntilMs - Date.now(), bytes: MAX_ANSWER_BYTES };
  const asked = await askMachine(machinesUrl, sent, limits);
  if (asked.outcome !== 'answered') return { asked };
  const { audioSeconds } = asked.answer;
  if (audioSeconds !== undefined && counts)
    await allowance.count({ sha256, seconds: audioSeconds }, keepUntilMs, tools);
  return { response: passedOn(asked.answer) };
}

/** What machines said that did not answer. */
export type NotAnswered = Exclude<MachineOutcome, { outcome: 'answered' }>;

/** A machine's answer as the function's. */
export const passedOn = ({ status, headers, body }: MachineAnswer): Response => ({
  statusCode: status,
  headers,
  body,
});

/** Why a recording does not become a job when no machine answers in place. */
const WITHOUT_JOB =
  'Leave out "Prefer: wait", or send "Prefer: respond-async", and the recording becomes a job';

/** As {@link WITHOUT_JOB}, for what a job cannot do. */
const notByJob = ({ param, reason }: Unsupported): string =>
  `The recording does not become a job because of "${param}": ${reason}. Leave it out, or try again later`;

/**
 * Why there is no answer in place, for a request that does not become a job.
 *
 * @param notJob the field that keeps it from becoming a job. @default - its preference does
 */
export function notInPlace(
  asked: NotAnswered,
  { waitSeconds }: Preference,
  notJob: Unsupported | undefined,
): Response {
  const instead = notJob === undefined ? WITHOUT_JOB : notByJob(notJob);
  // OpenAI's clients would repeat these by themselves, and they end as they did.
  const once = { param: notJob?.param, shouldRetry: false };
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
