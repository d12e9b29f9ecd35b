import type { Result } from '../compare';
import { mean } from '../../figure';

const MOST_RATIO = 1.3;
const MOST_MEAN_RATIO = 1.2;

/** Most audio that interruptions cause to be done twice, as a share. */
const MOST_REDONE = 0.01;

/** One machine that is always on must cost more wherever it works less than this share of its time. */
const HALF_BUSY = 0.5;

/** Most seconds that a job of a quiet tenant waits besides a boot. */
const MOST_QUIET_WAIT = 60;

/** How many times managed scaling must cost what list scheduling costs. */
const LEAST_SAVING: Readonly<Record<string, number>> = {
  sporadic: 6,
  heavy: 3.3,
  diurnal: 3,
  steady: 2,
  burst: 1.6,
};

export interface Target {
  what: string;
  value: number;
  /** The value must be at most or at least this one. */
  most?: number;
  least?: number;
}

/** Distance to the target; negative if it is missed. */
export const margin = ({ value, most, least }: Target): number =>
  most === undefined ? value - (least ?? -Infinity) : most - value;

/**
 * Targets of list scheduling, for those results that are there.
 *
 * @param boot seconds from a request to the first job
 */
export function targets(results: readonly Result[], boot: number): Target[] {
  const ours = results.filter(({ policy }) => policy === 'list-scheduling');
  const ratios: Target[] = ours.map(({ shape, ratio }) => ({
    ...{ what: `${shape}: ratio`, value: ratio, most: MOST_RATIO },
  }));
  if (ours.length > 1)
    ratios.push({ what: 'mean ratio', value: mean(ours.map(({ ratio }) => ratio)), most: MOST_MEAN_RATIO });
  const versus = ours.flatMap(({ shape, machineSeconds, p95Wait }): Target[] => {
    const least = LEAST_SAVING[shape];
    const managed = results.find((each) => each.policy === 'managed-scaling' && each.shape === shape);
    if (managed === undefined || least === undefined) return [];
    return [
      { what: `${shape}: cost of managed scaling`, value: managed.machineSeconds / machineSeconds, least },
      { what: `${shape}: p95 wait, seconds`, value: p95Wait, most: managed.p95Wait },
    ];
  });
  const always = ours.flatMap(({ shape, machineSeconds }): Target[] => {
    const one = results.find((each) => each.policy === 'always-one' && each.shape === shape);
    if (one === undefined || one.busyShare >= HALF_BUSY) return [];
    return [{ what: `${shape}: cost of one machine`, value: one.machineSeconds / machineSeconds, least: 1 }];
  });
  const redone = ours.map(({ shape, redoneShare }) => ({
    ...{ what: `${shape}: share of audio done twice`, value: redoneShare, most: MOST_REDONE },
  }));
  const quiet = ours.flatMap(({ shape, quietWait }): Target[] =>
    quietWait === undefined
      ? []
      : [
          {
            ...{ what: `${shape}: wait of the quiet tenant, seconds`, value: quietWait },
            most: boot + MOST_QUIET_WAIT,
          },
        ],
  );
  return [...ratios, ...versus, ...always, ...redone, ...quiet];
}

export const targetLines = (results: readonly Result[], boot: number): string =>
  targets(results, boot)
    .map((target) => {
      const by = margin(target);
      const limit = target.most === undefined ? `at least ${target.least}` : `at most ${format(target.most)}`;
      return `${by >= 0 ? 'met   ' : 'MISSED'} by ${format(Math.abs(by))}: ${target.what} ${format(target.value)}, ${limit}`;
    })
    .join('\n');

const format = (value: number) => (value >= 50 ? String(Math.round(value)) : value.toFixed(3));
