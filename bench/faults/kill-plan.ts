import type { Random } from '../fleet/random';
import type { KillSignal } from './worker-slot';

export interface Kill {
  signal: KillSignal;
  /** Chooses the worker: a share of those that run, from 0 to 1. */
  which: number;
  /** Share of the jobs that must have ended before. */
  after: number;
  /** Pause before it, in milliseconds, so that it can meet a job at any stage. */
  pauseMs: number;
}

/** Share of the jobs within which all kills come: the last ones must meet work, too. */
const LAST = 0.96;
const LONGEST_PAUSE_MS = 1_000;

/** As many kills of either kind, in random order, spread over the work. */
export function killPlan(count: number, random: Random): Kill[] {
  const signals = Array.from({ length: count }, (_, index): KillSignal =>
    index % 2 === 0 ? 'SIGKILL' : 'SIGTERM',
  );
  for (let last = signals.length - 1; last > 0; last--) {
    const other = Math.floor(random() * (last + 1));
    [signals[last], signals[other]] = [signals[other]!, signals[last]!];
  }
  return signals.map((signal, index) => ({
    ...{ signal, which: random() },
    ...{ after: (LAST * (index + 1)) / count, pauseMs: random() * LONGEST_PAUSE_MS },
  }));
}
