import type { JobRow } from '../../core/contract/job';

// What is estimated here decides when a client asks again, and nothing else: too early costs it a request, too late some
// seconds. None of the figures has been measured on a machine of this deployment.

/** From a launch to a loaded model: the warm-up that the fleet's group reckons with (`defaultInstanceWarmup`). */
const WAKE_SECONDS = 180;

/** Seconds of audio in a second: what the original system's path 300 did on a T4. */
const REAL_TIME_FACTOR = 13;

/** Speech is often sent at 64 kbit/s; uncompressed it is shorter than that says, and done earlier. */
const BYTES_PER_SECOND = 8_000;

/** Of the way through the bucket's event, the queue and the worker. */
const QUEUE_SECONDS = 5;

/** Where others are worked on, each of which takes at most about as long as an answer in place may. */
const BUSY_SECONDS = 30;

/**
 * Asking more often tells nothing new. OpenAI's clients ignore a `Retry-After` of more than a minute (some, of a minute) and
 * come back at once.
 */
const LEAST_SECONDS = 2;
const MOST_SECONDS = 59;

/** Half of the time for which a request waits for its job. */
const EARLY_SECONDS = 14;

/** What was found out about the machines when a recording became a job. */
export type MachineState = 'asleep' | 'busy' | 'late' | 'not asked';

/**
 * Seconds until a job that was just made is done.
 *
 * @param bytes size of the recording
 * @param machines nobody answered; there is no room now; it took longer than was waited; or nobody was asked, and a machine
 *   is taken to be awake
 * @param waited seconds for which the machine has worked on it already, in vain
 */
export function secondsUntilDone(bytes: number, machines: MachineState, waited = 0): number {
  const work = bytes / BYTES_PER_SECOND / REAL_TIME_FACTOR;
  const before = { asleep: WAKE_SECONDS, busy: BUSY_SECONDS, late: 0, 'not asked': 0 }[machines];
  return Math.ceil(QUEUE_SECONDS + before + (machines === 'late' ? Math.max(work, waited) : work));
}

/** Seconds after which to ask again for an open job: what its progress promises, or the rest of a machine's start. */
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
 * Seconds after which to send a recording again that is an open job. The request then waits for the job, so that it is
 * better too early by some seconds than too late.
 *
 * @param machines what was found out about the machines by the request that made the job
 */
export function secondsUntilRetry(
  row: Pick<JobRow, 'started_at' | 'queued_at' | 'created_at' | 'progress'>,
  machines: MachineState,
  now: Date,
): number {
  if (row.started_at !== undefined) return bounded(secondsLeft(row, now) - EARLY_SECONDS);
  const age = (now.getTime() - Date.parse(row.queued_at ?? row.created_at)) / 1000;
  // How many others wait is not known. Of a queue that has taken a while, as long again is to be expected.
  return bounded(machines === 'asleep' ? WAKE_SECONDS - age - EARLY_SECONDS : age / 2);
}

const bounded = (seconds: number) => Math.ceil(Math.min(MOST_SECONDS, Math.max(LEAST_SECONDS, seconds)));
