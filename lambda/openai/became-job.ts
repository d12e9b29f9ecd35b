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

/** How long to look for an earlier job: a table that is slower must not keep the machines from answering. */
const LOOK_UP_MS = 3000;

/** A request with a recording that may become a job, or attach to one. */
export interface RecordingRequest {
  recording: Recording;
  caller: Caller;
  /** What makes another request the same as this one. */
  same: RequestIdentity;
  preference: Preference;
  waiting: JobWait;
  /** Epoch milliseconds at which the recording must have been stored. */
  keepUntilMs: number;
  allowance: Allowance;
  begun: Begun;
}

/**
 * The job that a same request made.
 *
 * @returns `isKnown` is false if the table could not say whether there is one
 * @throws Refusal (409) if the `Idempotency-Key` was used for something else
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

/** The answer to a request that an earlier one has made a job for. Nothing is counted: the job is, when it succeeds. */
export async function attach(
  row: JobRow,
  asking: RecordingRequest,
  keeping: RecordingStorage,
  tools: Tools,
): Promise<Response> {
  const { recording, begun, keepUntilMs, waiting } = asking;
  // The request that made it may have ended before the audio was stored.
  const kept = await keepAudio(row, recording.bytes, keeping, begun, keepUntilMs, tools);
  tools.metrics.addMetric('RequestsAttachedToJobs', MetricUnit.Count, 1);
  return answerWhenDone(kept, waiting, keeping);
}

/**
 * The answer to a request that no machine answers in place: the recording becomes a job, which wakes a machine.
 *
 * @param asked what the machines said. @default - they were not asked: a job was wanted
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

/** @throws Refusal (400) for the first field that is impossible where the answer may be a job */
export function refuseAsJob({ answer, unsupported }: ParsedForm): void {
  const stream = { param: 'stream', reason: 'a job is one answer, and no stream of events' };
  const [first]: (Unsupported | undefined)[] = [...unsupported, ...(answer.stream ? [stream] : [])];
  if (first === undefined) return;
  const message = `"${first.param}" is not possible with a job (Prefer: respond-async, or async=true): ${first.reason}. Leave out either`;
  throw new Refusal(400, 'invalid_request', message, { param: first.param });
}
