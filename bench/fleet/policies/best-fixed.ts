import type { Circumstances } from '../policy';
import type { Trace } from '../trace';
import { percentile } from '../../figure';
import { simulate } from '../world';
import type { Outcome, WorldOptions } from '../world-options';
import { fixed } from './fixed';

/**
 * The smallest fixed number of machines with a p95 wait of at most one boot, which is what a fleet
 * from zero can reach; the limit if there is none. More machines do not wait longer, so bisection
 * finds it.
 */
export function bestFixed(trace: Trace, circumstances: Circumstances, world: Partial<WorldOptions>): Outcome {
  const run = (count: number) => simulate(trace, fixed(count)(circumstances), world);
  let low = 1;
  let high = circumstances.maxMachines;
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if (percentile(run(middle).waits, 0.95) <= circumstances.boot) high = middle;
    else low = middle + 1;
  }
  return run(low);
}
