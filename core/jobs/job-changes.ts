import type { JobRow } from '../contract/job';
import type { JobStatus } from '../contract/names';
import type { Change, Condition } from './row-update';

/**
 * Time after which the sweeper checks a queued job whose message was sent. A message is kept for 14
 * days.
 */
export const QUEUED_SWEEP_SECONDS = 6 * 3600;

/**
 * Time after which the sweeper checks a job whose input has arrived or whose message was not sent:
 * the handlers that do the rest take seconds.
 */
export const UNSENT_SWEEP_SECONDS = 60;

/** Epoch seconds of an instant, rounded down. */
export const secondsOf = (instant: Date) => Math.floor(instant.getTime() / 1000);

/** Condition: no worker holds the job at this instant. */
export const notHeld = (now: Date): Condition => ['lease_until', 'absent or <', now.getTime()];

/** The change that ends a job. */
export const ending = (status: JobStatus, now: Date, more: Partial<JobRow>): Change => ({
  set: { status, finished_at: now.toISOString(), updated_at: now.toISOString(), ...more },
  remove: ['open', 'sweep_at', 'lease_until', 'waits_from', 'reserved'],
});
