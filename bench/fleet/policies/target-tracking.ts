import type { PolicyMaker, View } from '../policy';
import { DelayedMetric } from './delayed-metric';

/**
 * Jobs, waiting or in work, for each machine in service: by AWS's guide the acceptable wait, here a boot
 * of 240 s, by the work of a job, here 50 s.
 */
const TARGET = 5;

const MINUTES_BEFORE_SCALE_OUT = 3;
const MINUTES_BEFORE_SCALE_IN = 15;

/** The low alarm of target tracking is 10 % below the target. */
const LOW = 0.9 * TARGET;

interface Sample {
  jobs: number;
  inService: number;
}

/** Target tracking on the backlog per machine, which does not exist without a machine: an alarm launches the first. */
export const targetTracking: PolicyMaker = () => {
  const metric = new DelayedMetric<Sample>(MINUTES_BEFORE_SCALE_IN);
  const stays = (minutes: number, is: (perMachine: number) => boolean) => {
    const samples = metric.last(minutes);
    return (
      samples.length === minutes &&
      samples.every(({ jobs, inService }) => inService > 0 && is(jobs / inService))
    );
  };
  const decide = ({ visible, inFlight, total, inService }: View): number => {
    metric.add({ jobs: visible + inFlight, inService });
    const jobs = metric.last(1)[0]?.jobs ?? 0;
    if (total === 0) return jobs > 0 ? 1 : 0;
    const wanted = Math.ceil(jobs / TARGET);
    if (stays(MINUTES_BEFORE_SCALE_OUT, (each) => each > TARGET)) return Math.max(0, wanted - total);
    if (stays(MINUTES_BEFORE_SCALE_IN, (each) => each < LOW)) return Math.min(0, wanted - total);
    return 0;
  };
  return { name: 'target tracking', reacts: false, replaces: true, alwaysOn: false, decide };
};
