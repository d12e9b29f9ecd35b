import { Heap } from './heap';

/** A machine of the fleet, without those under a spot notice or without a worker. */
export interface FleetMachine {
  /** Seconds until it can take a job: 0 if it is idle, the rest of its boot, or of its job. */
  freeIn: number;
}

/** A job in the queue. */
export interface WaitingJob {
  /** Seconds since it arrived. */
  waited: number;
  /** Seconds that a machine works on it. */
  work: number;
}

export interface Schedule {
  /** Seconds from a machine's launch to its first job. */
  boot: number;
  /** A job may wait so many boots from its arrival, if no machine is free before. @default 2 */
  patience?: number;
  /** A queue longer than `MANY_JOBS` is worked off in so many boots. @default 2 */
  drain?: number;
}

/** Above this number of jobs they are not scheduled one by one. */
export const MANY_JOBS = 2_000;

/** Seconds of work besides the audio: to claim a job, to download and to commit. */
const OVERHEAD_SECONDS = 3;

/** @param speed audio seconds in a second of work */
export const workSeconds = (audioSeconds: number, speed: number): number =>
  OVERHEAD_SECONDS + audioSeconds / speed;

/**
 * The number of machines to launch now, so that no job waits longer than its patience or a boot.
 *
 * List scheduling: each job, the oldest first, is put on the machine that is free first. A machine is
 * added only for a job that would otherwise start too late. Launching one earlier would cost idle time,
 * and cannot let the job start before a boot is over.
 *
 * @param jobs oldest first
 * @param more seconds of work in further jobs, which are not listed
 */
export function machinesToAdd(
  machines: readonly FleetMachine[],
  jobs: readonly WaitingJob[],
  { boot, patience = 2, drain = 2 }: Schedule,
  more = 0,
): number {
  if (jobs.length > MANY_JOBS || more > 0) {
    const work = jobs.reduce((sum, job) => sum + job.work, more);
    return Math.max(0, Math.ceil(work / (drain * boot)) - machines.length);
  }
  const free = new Heap(
    (one: number, other) => one < other,
    machines.map(({ freeIn }) => freeIn),
  );
  let added = 0;
  for (const { waited, work } of jobs) {
    const due = Math.max(patience * boot - waited, boot);
    const first = free.first ?? Infinity;
    if (first > due) {
      added++;
      free.add(boot + work);
    } else {
      free.replaceFirst(first + work);
    }
  }
  return added;
}

/**
 * Idle time after which a worker ends its machine, in seconds: a 24th of a boot, 5 to 30. A longer time costs more
 * than it saves (docs/fleet.md).
 */
export const idleLimit = (boot: number): number => Math.min(30, Math.max(5, boot / 24));
