import type { JobRow } from '../../core/contract/job';

// These estimates only decide when a client asks again. An early retry costs one request, a late
// one some seconds. None of the figures has been measured on a machine of this deployment.

/**
 * From a machine's launch to its loaded model: the fleet's group has the same value as
 * `defaultInstanceWarmup`.
 */
const WAKE_SECONDS = 180;

/** Delay of the bucket's event, the queue and the worker. */
const QUEUE_SECONDS = 5;

/**
 * Wait for a busy machine: each of its requests takes at most about as long as a synchronous answer
 * may.
 */
const BUSY_SECONDS = 30;

/**
 * Bounds of `Retry-After`. More frequent requests bring nothing new. OpenAI's clients ignore a
 * `Retry-After` of more than a minute (some, of a minute) and retry at once.
 */
const LEAST_SECONDS = 2;
const MOST_SECONDS = 59;

/** Half of the time that a request waits for its job. */
const EARLY_SECONDS = 14;

/** State of the machines when a request became a job. */
export type MachineState = 'asleep' | 'busy' | 'late' | 'not asked';

/**
 * Estimated seconds until a new job is done.
 *
 * @param work seconds that a machine needs for the input
 * @param machines none responded; none has capacity; the answer took too long; or none was asked,
 *   and a machine is assumed to be running
 * @param waited seconds that the machine has already spent on the input without a result
 */
export function secondsUntilDone(work: number, machines: MachineState, waited = 0): number {
  const before = { asleep: WAKE_SECONDS, busy: BUSY_SECONDS, late: 0, 'not asked': 0 }[machines];
  return Math.ceil(QUEUE_SECONDS + before + (machines === 'late' ? Math.max(work, waited) : work));
}

/**
 * Seconds until the next request for an open job: estimated from its progress, or from the
 * remaining startup time of a machine.
 */
export function secondsLeft(
  row: Pick<JobRow, 'started_at' | 'queued_at' | 'created_at' | 'progress'>,
  now: Date,
): number {
  const since = (instant: string) => (now.getTime() - Date.parse(instant)) / 1000;
  if (row.started_at === undefined) return bounded(WAKE_SECONDS - since(row.queued_at ?? row.created_at));
  if (row.progress <= 0) return bounded(QUEUE_SECONDS);
  return bounded((since(row.started_at) * (1 - row.progress)) / row.progress);
}

/**
 * Seconds until a request whose job is open should be sent again. That request waits for the job,
 * so some seconds too early are better than too late.
 *
 * @param machines state of the machines when the job was created
 */
export function secondsUntilRetry(
  row: Pick<JobRow, 'started_at' | 'queued_at' | 'created_at' | 'progress'>,
  machines: MachineState,
  now: Date,
): number {
  if (row.started_at !== undefined) return bounded(secondsLeft(row, now) - EARLY_SECONDS);
  const age = (now.getTime() - Date.parse(row.queued_at ?? row.created_at)) / 1000;
  // The length of the queue is unknown. The longer the job has waited, the longer the rest is
  // expected to take.
  return bounded(machines === 'asleep' ? WAKE_SECONDS - age - EARLY_SECONDS : age / 2);
}

const bounded = (seconds: number) => Math.ceil(Math.min(MOST_SECONDS, Math.max(LEAST_SECONDS, seconds)));
