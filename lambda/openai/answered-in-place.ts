import { type MachineOutcome, askMachine, type MachineAnswer } from './ask-machine';
import type { Allowance } from '../frame/allowance';
import type { Tools } from '../frame/runtime';
import { MAX_ANSWER_BYTES } from '../frame/fitted';
import { Refusal, type Response } from '../frame/refusal';
import type { Preference } from './preference';
import type { TaskRequest, TaskRoute, Unsupported } from './task-request';
import { secondsUntilDone } from './when-done';

/** A request that is sent to a machine. */
export interface Sent {
  task: TaskRequest;
  /** SHA-256 of the input and its options. */
  sha256: string;
  /** Whether an answer counts on the quota. False if an earlier job may already count the input. */
  counts: boolean;
}

/** Deadlines in epoch milliseconds. */
export interface InPlaceTimes {
  /** When the machine must have answered. */
  placeUntilMs: number;
  /** When the caller must be answered. */
  keepUntilMs: number;
}

/**
 * Asks a machine for a synchronous answer, and counts the work on the quota.
 *
 * @returns the outcome, if no machine answered
 */
export async function answerInPlace(
  { task: { sent, route, tooLarge }, sha256, counts }: Sent,
  machinesUrl: string,
  { placeUntilMs, keepUntilMs }: InPlaceTimes,
  allowance: Allowance,
  tools: Tools,
): Promise<{ response: Response } | { asked: NotAnswered }> {
  const limits = { milliseconds: placeUntilMs - Date.now(), bytes: MAX_ANSWER_BYTES };
  const asked = await askMachine(
    machinesUrl,
    { ...sent, measure: route.header, streamEnd: route.streamEnd },
    limits,
  );
  const done = measured(asked, tooLarge !== undefined);
  if (done !== undefined && counts)
    await allowance.count({ sha256, measures: { [route.unit]: done } }, keepUntilMs, tools);
  return asked.outcome === 'answered' ? { response: passedOn(asked.answer) } : { asked };
}

/** The work of a machine that counts. That of a refused answer counts if no job repeats it. */
function measured(asked: MachineOutcome, isRefused: boolean): number | undefined {
  if (asked.outcome === 'answered') return asked.answer.measure;
  return asked.outcome === 'large' && isRefused ? asked.measure : undefined;
}

/** The outcome of a request that no machine answered. */
export type NotAnswered = Exclude<MachineOutcome, { outcome: 'answered' }>;

/** Media types whose bytes are not text. */
const BINARY = /^(audio|image|video)\/|^application\/octet-stream/i;

/**
 * Converts a machine's answer to the function's answer. Bytes that are not text are in base64: those
 * of {@link MAX_ANSWER_BYTES} become 6,000,000 characters, which need no escapes and are below
 * Lambda's limit of 6,291,556.
 */
export function passedOn({ status, headers, body }: MachineAnswer): Response {
  if (!BINARY.test(headers['content-type'] ?? ''))
    return { statusCode: status, headers, body: body.toString('utf8') };
  return { statusCode: status, headers, body: body.toString('base64'), isBase64Encoded: true };
}

/** How to get a job, if no machine answers synchronously. */
const WITHOUT_JOB = 'To create a job instead, leave out "Prefer: wait", or send "Prefer: respond-async"';

/** As {@link WITHOUT_JOB}, for a field that jobs do not support. */
const notByJob = ({ param, reason }: Unsupported): string =>
  `No job was created, because jobs do not support "${param}": ${reason}. Leave it out, or try again later`;

/**
 * The error for a request that gets neither a synchronous answer nor a job.
 *
 * @param notJob the field that jobs do not support. @default - the caller's preference excludes a
 *   job
 */
export function notInPlace(
  asked: NotAnswered,
  { result }: TaskRoute,
  { waitSeconds }: Preference,
  notJob: Unsupported | undefined,
): Response {
  const instead = notJob === undefined ? WITHOUT_JOB : notByJob(notJob);
  // OpenAI's clients would retry automatically, with the same result.
  const once = { param: notJob?.param, shouldRetry: false };
  switch (asked.outcome) {
    case 'busy':
      return passedOn(asked.answer);
    case 'asleep':
      return new Refusal(
        503,
        'busy',
        `No machine is running, and this request did not start one. ${instead}`,
        {
          ...once,
          retryAfterSeconds: secondsUntilDone(0, 'asleep'),
        },
      ).response;
    case 'late':
      return new Refusal(504, 'not_ready', `No ${result} was ready after ${waitSeconds} s. ${instead}`, once)
        .response;
    case 'large':
      return new Refusal(
        400,
        'invalid_request',
        `The answer exceeds ${MAX_ANSWER_BYTES} bytes. ${instead}`,
        once,
      ).response;
  }
}
