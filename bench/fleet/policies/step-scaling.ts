import type { PolicyMaker, View } from '../policy';
import { DelayedMetric } from './delayed-metric';

const FEWEST = 1;
const MOST = 2;
const COOLDOWN = 300;

/** Machines to add for so many visible messages, the highest first. */
const STEPS: readonly [visible: number, change: number][] = [
  [500, 5],
  [100, 1],
];

/** The defaults of `QueueProcessingEc2Service` in aws-ecs-patterns, one machine for each task. */
export const stepScaling: PolicyMaker = () => {
  const metric = new DelayedMetric<number>(1);
  let changed = -Infinity;
  const wanted = (total: number): number => {
    const visible = metric.last(1)[0];
    if (visible === undefined) return total;
    if (visible === 0) return total - 1;
    return total + (STEPS.find(([least]) => visible >= least)?.[1] ?? 0);
  };
  const decide = ({ now, visible, total }: View): number => {
    metric.add(visible);
    if (total < FEWEST) return FEWEST - total;
    const change = Math.min(MOST, Math.max(FEWEST, wanted(total))) - total;
    if (change === 0 || now - changed < COOLDOWN) return 0;
    changed = now;
    return change;
  };
  return { name: 'step scaling', reacts: false, replaces: true, alwaysOn: true, decide };
};
