import { MetricUnit } from '@aws-lambda-powertools/metrics';
import type { Allowance } from '../frame/allowance';
import type { MachineOutcome } from './ask-machine';
import { type EarlierJob, earlierJob, type RequestIdentity } from '../api/create-job';
import type { JobRow } from '../../core/contract/job';
import { inTime } from '../frame/deadline';
import { type Begun, Refusal, type Response } from '../frame/refusal';
import type { Caller } from '../frame/caller';
import { accepted, answerWhenDone, type JobWait } from './job-answer';
import { keepAudio, type RecordingStorage, keepRecording, type Recording } from './keep-recording';
import type { JobStore } from '../../core/jobs/job-store';
import type { ParsedForm, Unsupported } from './form-options';
import type { Preference } from './preference';
import type { Tools } from '../frame/runtime';
import { secondsLeft, secondsUntilDone, type MachineState } from './when-done';

/** Longest look-up of an earlier job: a slow table must not delay the request to the machines. */
const LOOK_UP_MS = 3000;

/** A request with a recording that may become a job, or wait for an existing one. */
export interface RecordingRequest {
  recording: Recording;
  caller: Caller;
  /** Identifies repetitions of this request. */
  same: RequestIdentity;
  preference: Preference;
  waiting: JobWait;
  /** Epoch milliseconds by which the recording must be stored. */
  keepUntilMs: number;
  allowance: Allowance;
  begun: Begun;
}

/**
 * Looks up the job that an identical request created.
 *
 * @returns `isKnown` is false if the table did not respond
 * @throws Refusal (409) if the `Idempotency-Key` was used for a different request
 */
export async function lookUp(
  same: RequestIdentity,
  store: JobStore,
  { logger }: Tools,
): Promise<EarlierJob & { isKnown: boolean }> {
  const now = new Date();
  try {
    const earlier = await inTime(now.getTime() + LOOK_UP_MS, earlierJob(same, store, now));
    return { ...earlier, isKnown: true };
  } catch (error) {
    if (error instanceof Refusal) throw error;
    logger.warn('could not look for an earlier job', error as Error);
    return { isKnown: false };
  }
}

/**
 * Answers a request whose job already exists. The request is not counted, because the job is
 * counted when it succeeds.
 */
export async function attach(
  row: JobRow,
  asking: RecordingRequest,
  keeping: RecordingStorage,
  tools: Tools,
): Promise<Response> {
  const { recording, begun, keepUntilMs, waiting } = asking;
  // The original request may have ended before it stored the audio.
  const kept = await keepAudio(row, recording.bytes, keeping, begun, keepUntilMs, tools);
  tools.metrics.addMetric('RequestsAttachedToJobs', MetricUnit.Count, 1);
  return answerWhenDone(kept, waiting, keeping);
}

/**
 * Creates a job for a recording that no machine answered synchronously. The job starts a machine if
 * none is running.
 *
 * @param asked outcome of the request to the machines. @default - they were not asked, because the
 *   caller wants a job
 */
export async function becomeJob(
  asked: MachineOutcome | undefined,
  asking: RecordingRequest,
  keeping: RecordingStorage,
  tools: Tools,
): Promise<Response> {
  const { recording, preference, waiting, begun, keepUntilMs } = asking;
  const { row, isNew } = await keepRecording(recording, asking, keeping, begun, keepUntilMs, tools);
  if (isNew) tools.metrics.addMetric('RecordingsBecameJobs', MetricUnit.Count, 1);
  const machines = machineState(asked);
  if (!preference.async) return answerWhenDone(row, { ...waiting, machines }, keeping);
  const seconds = isNew
    ? secondsUntilDone(recording.bytes.length, machines, preference.waitSeconds)
    : secondsLeft(row, new Date());
  return accepted(row, seconds);
}

function machineState(asked: MachineOutcome | undefined): MachineState {
  const outcome = asked?.outcome;
  return outcome === 'asleep' || outcome === 'busy' || outcome === 'late' ? outcome : 'not asked';
}

/** @throws Refusal (400) for the first field that jobs do not support */
export function refuseAsJob({ answer, unsupported }: ParsedForm): void {
  const stream = { param: 'stream', reason: 'the result of a job is not a stream of events' };
  const [first]: (Unsupported | undefined)[] = [...unsupported, ...(answer.stream ? [stream] : [])];
  if (first === undefined) return;
  const message = `"${first.param}" is not supported by jobs (Prefer: respond-async, or async=true): ${first.reason}. Leave out one of them`;
  throw new Refusal(400, 'invalid_request', message, { param: first.param });
}
