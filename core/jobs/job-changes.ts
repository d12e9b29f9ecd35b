import type { JobRow } from '../contract/job';
import type { JobStatus } from '../contract/names';
import type { Change, Condition } from './row-update';

/** How long after its message was sent a queued job is looked at again: a message lives for 14 days. */
export const QUEUED_SWEEP_SECONDS = 6 * 3600;

export const secondsOf = (instant: Date) => Math.floor(instant.getTime() / 1000);

/** No worker holds the job at this moment. */
export const notHeld = (now: Date): Condition => ['lease_until', 'absent or <', now.getTime()];

/** The end of a job: it is open no more. */
export const ending = (status: JobStatus, now: Date, more: Partial<JobRow>): Change => ({
  set: { status, finished_at: now.toISOString(), updated_at: now.toISOString(), ...more },
  remove: ['open', 'sweep_at', 'lease_until'],
});
