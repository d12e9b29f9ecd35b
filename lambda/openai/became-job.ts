import { MetricUnit } from '@aws-lambda-powertools/metrics';
import type { Allowance } from '../frame/allowance';
import type { MachineOutcome } from './ask-machine';
import { type EarlierJob, earlierJob, type RequestIdentity } from '../api/create-job';
import type { JobRow } from '../../core/contract/job';
import { inTime } from '../frame/deadline';
import { type Begun, Refusal, type Response } from '../frame/refusal';
import type { Caller } from '../frame/caller';
import { accepted, answerWhenDone, type JobWait } from './job-answer';
import { keepBytes, type InputStorage, keepInput } from './keep-input';
import type { JobStore } from '../../core/jobs/job-store';
import type { Preference } from './preference';
import type { TaskRequest } from './task-request';
import type { Tools } from '../frame/runtime';
import { secondsLeft, secondsUntilDone, type MachineState } from './when-done';

/** Longest look-up of an earlier job: a slow table must not delay the request to the machines. */
const LOOK_UP_MS = 3000;

/** A request that may become a job, or wait for an existing one. */
export interface InputRequest {
  task: TaskRequest;
  caller: Caller;
  /** Identifies repetitions of this request. */
  same: RequestIdentity;
  preference: Preference;
  waiting: JobWait;
  /** Epoch milliseconds by which the input must be stored. */
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
  asking: InputRequest,
  keeping: InputStorage,
  tools: Tools,
): Promise<Response> {
  const { task, begun, keepUntilMs, waiting } = asking;
  // The original request may have ended before it stored the input.
  const kept = await keepBytes(row, task, keeping, begun, keepUntilMs, tools);
  tools.metrics.addMetric('RequestsAttachedToJobs', MetricUnit.Count, 1);
  return answerWhenDone(kept, waiting, keeping.store);
}

/**
 * Creates a job for an input that no machine answered synchronously. The job starts a machine if
 * none is running.
 *
 * @param asked outcome of the request to the machines. @default - they were not asked, because the
 *   caller wants a job
 */
export async function becomeJob(
  asked: MachineOutcome | undefined,
  asking: InputRequest,
  keeping: InputStorage,
  tools: Tools,
): Promise<Response> {
  const { task, preference, waiting, begun, keepUntilMs } = asking;
  const { row, isNew } = await keepInput(task, asking, keeping, begun, keepUntilMs, tools);
  if (isNew) tools.metrics.addMetric('RequestsBecameJobs', MetricUnit.Count, 1);
  const machines = machineState(asked);
  if (!preference.async) return answerWhenDone(row, { ...waiting, machines }, keeping.store);
  const seconds = isNew
    ? secondsUntilDone(workSeconds(task), machines, preference.waitSeconds)
    : secondsLeft(row, new Date());
  return accepted(row, seconds);
}

function machineState(asked: MachineOutcome | undefined): MachineState {
  const outcome = asked?.outcome;
  return outcome === 'asleep' || outcome === 'busy' || outcome === 'late' ? outcome : 'not asked';
}

/** Estimated time that a machine needs for the input. */
const workSeconds = ({ input, route }: TaskRequest) => input.bytes.length / route.bytesPerSecond;

/** @throws Refusal (400) for the first field that jobs do not support */
export function refuseAsJob({ unsupported, withoutEffect = [] }: TaskRequest): void {
  const [first] = [...unsupported, ...withoutEffect];
  if (first === undefined) return;
  const message = `"${first.param}" is not supported by jobs (Prefer: respond-async, or async=true): ${first.reason}. Leave out one of them`;
  throw new Refusal(400, 'invalid_request', message, { param: first.param });
}
