import type { FleetRow } from '../contract/machine';
import { bootSeconds } from './learning';
import { idleLimit } from './list-scheduling';

/** Longest idle time of the rule `recent`, in seconds. */
const LONGEST_RECENT = 3600;

/** How a worker's idle time before it ends its machine is found. */
export const IDLE_RULES = ['queue', 'requests', 'recent'] as const;

export interface IdleRule {
  /**
   * `queue`: a fraction of a boot. `requests`: a boot, because callers wait for an answer. `recent`: as long as most gaps
   * between the latest jobs.
   */
  kind: (typeof IDLE_RULES)[number];
  /** Seconds, instead of the rule. @default - the rule */
  seconds?: number;
}

/** What the idle time of a machine follows. */
export type IdleBasis = Pick<FleetRow, 'boots' | 'arrivals'>;

/**
 * Idle time after which a worker ends its machine, in seconds.
 *
 * @param type of the machine. @default - any
 */
export function fleetIdleSeconds({ kind, seconds }: IdleRule, fleet: IdleBasis, type?: string): number {
  if (seconds !== undefined) return seconds;
  const boot = bootSeconds(fleet, type);
  switch (kind) {
    case 'queue':
      return idleLimit(boot);
    case 'requests':
      return boot;
    case 'recent':
      return Math.min(LONGEST_RECENT, Math.max(boot, usualGap(fleet.arrivals)));
  }
}

/** The 90th percentile, by nearest rank, of the gaps between arrivals, in seconds. 0 without a gap. */
function usualGap(arrivals: readonly number[]): number {
  const gaps = arrivals.slice(1).map((each, index) => (each - arrivals[index]!) / 1000);
  gaps.sort((one, other) => one - other);
  return gaps[Math.ceil(gaps.length * 0.9) - 1] ?? 0;
}
