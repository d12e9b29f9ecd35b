import type { PolicyMaker, View } from '../policy';

/** The group grows again when its last launch is so many seconds old: the instance warm-up. */
const WARM_UP = 300;

/** Minutes with an empty machine after which it shrinks. */
const MINUTES_BEFORE_SCALE_IN = 15;

const FROM_ZERO = 2;

/**
 * Managed scaling of an ECS capacity provider with one task for each job.
 *
 * It counts tasks that wait, so its launches are not delayed by metrics beyond the minute.
 */
export const managedScaling: PolicyMaker = () => {
  let launched = -Infinity;
  let minutesWithEmpty = 0;
  const launch = (count: number, now: number) => {
    if (count > 0) launched = now;
    return count;
  };
  const decide = ({ now, visible, inFlight, total, inService, idle }: View): number => {
    const missing = visible + inFlight - total;
    minutesWithEmpty = inService > 0 && idle > 0 ? minutesWithEmpty + 1 : 0;
    if (total === 0) return visible > 0 ? launch(FROM_ZERO, now) : 0;
    if (missing > 0) return now - launched >= WARM_UP ? launch(missing, now) : 0;
    if (minutesWithEmpty < MINUTES_BEFORE_SCALE_IN) return 0;
    return -Math.min(idle, Math.max(1, Math.floor(total / 2)));
  };
  return { name: 'managed scaling', reacts: false, replaces: true, alwaysOn: false, decide };
};
