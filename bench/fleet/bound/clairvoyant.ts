import { jobSeconds, UNBILLED_SECONDS } from '../machine';
import type { Job } from '../trace';
import { rank } from '../../figure';
import { machinesAtOnce } from './at-once';
import { beamSearch } from './beam';
import type { Window } from './chain';
import { machinesForMany } from './many-jobs';

export interface BoundOptions {
  boot: number;
  speed: number;
  /** Seconds within which 95 % of the jobs must start. */
  wait: number;
  /** Partial schedules that the search keeps. More are slower and may find a cheaper schedule. */
  width?: number;
}

const SHARE = 0.95;
const PRICES_TRIED = 5;

/** Width of the search for the price of late jobs. */
const NARROW = 6;

/** Above this number of jobs, the search would take too long. */
const MANY_JOBS = 10_000;

/**
 * Billed machine time, in seconds, of the cheapest schedule that knows all arrivals and starts 95 % of
 * the jobs within `wait`.
 *
 * Each machine costs its boot, its jobs and the idle time between them, so the schedule partitions the
 * jobs into chains. A job that may be late costs only its work, because a machine does it at its end.
 * What remains is a choice of chains and of late jobs. That is bin packing in general, so:
 *
 * - **Jobs that arrive at once** get a lower bound (`machinesAtOnce`), and so do more than 10,000 jobs
 *   (`machinesForMany`).
 * - **Others** get a heuristic: a beam search over the jobs in order of arrival (`beamSearch`). Each job
 *   is late, starts a machine, or extends one at its end or before its last job. Late jobs have a
 *   price, found by bisection, that spends their number where they save most. The schedule is
 *   feasible up to the last few late jobs, so its cost is at least that of the cheapest one, and the
 *   ratios that come from it can be too low. Tests compare it with all schedules of small cases, and
 *   `docs/fleet.md` with wider beams.
 */
export function clairvoyantBound(jobs: readonly Job[], options: BoundOptions): number {
  const { boot, speed, wait } = options;
  const windows = jobs
    .map(({ arrival, audio }): Window => ({ arrival, due: arrival + wait, work: jobSeconds(audio, speed) }))
    .sort((one, other) => one.arrival - other.arrival || one.work - other.work);
  const work = windows.reduce((sum, job) => sum + job.work, 0);
  const billedBoot = Math.max(0, boot - UNBILLED_SECONDS);
  const mayBeLate = windows.length - rank(windows.length, SHARE);
  const first = windows[0]?.arrival;
  if (windows.every(({ arrival }) => arrival === first))
    return work + billedBoot * machinesAtOnce(windows, wait, mayBeLate);
  if (windows.length > MANY_JOBS) return work + billedBoot * machinesForMany(windows, mayBeLate);
  return work + waste(windows, billedBoot, mayBeLate, options.width ?? 24);
}

function waste(windows: readonly Window[], boot: number, mayBeLate: number, width: number): number {
  let [low, high] = [0, boot];
  for (let tried = 0; tried < PRICES_TRIED && mayBeLate > 0; tried++) {
    const price = (low + high) / 2;
    const { late } = beamSearch(windows, { boot, mayBeLate, price, width: Math.min(width, NARROW) });
    if (late < mayBeLate) high = price;
    else low = price;
  }
  const costs = [low, high].map((price) => beamSearch(windows, { boot, mayBeLate, price, width }).cost);
  return Math.min(...costs);
}
