import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Result } from '../compare';
import { listScheduling } from '../policies/list-scheduling';
import { managedScaling } from '../policies/managed-scaling';
import { generate } from '../shapes';
import { simulate } from '../world';
import { DEFAULT_WORLD, type WorldOptions } from '../world-options';
import { barPlot, stepPlot } from './svg';

const HOUR = 3600;

/** Hours of the diurnal shape's first day that are drawn. */
const [FROM, TO] = [6, 22];

/** Writes `ratios.svg`, of the results, and `day.svg`, of one working day, to the folder. */
export function writePlots(
  folder: string,
  results: readonly Result[],
  world: Partial<WorldOptions> = {},
): void {
  mkdirSync(folder, { recursive: true });
  const shapes = [...new Set(results.map(({ shape }) => shape))];
  const groups = shapes.map((name) => ({
    name,
    bars: results
      .filter(({ shape }) => shape === name)
      .map(({ policy, ratio }) => ({ name: policy, value: ratio })),
  }));
  const title = 'Machine time, as a multiple of the clairvoyant bound';
  writeFileSync(join(folder, 'ratios.svg'), barPlot(title, groups));
  writeFileSync(join(folder, 'day.svg'), dayPlot({ ...DEFAULT_WORLD, ...world }));
}

function dayPlot(world: WorldOptions): string {
  const trace = generate('diurnal', world.seed);
  const circumstances = { boot: world.boot * world.bootEstimate, maxMachines: world.maxMachines };
  const lines = [managedScaling, listScheduling()].map((make) => {
    const policy = make(circumstances);
    const { fleet } = simulate(trace, policy, world);
    const before = fleet.findLast(([time]) => time < FROM * HOUR)?.[1] ?? 0;
    const within = fleet
      .filter(([time]) => time >= FROM * HOUR && time <= TO * HOUR)
      .map(([time, count]): [number, number] => [time / HOUR, count]);
    const points: [number, number][] = [[FROM, before], ...within];
    return { name: policy.name, points: [...points, [TO, points.at(-1)![1]] as [number, number]] };
  });
  return stepPlot('Machines on a working day of 500 jobs', 'hour', lines);
}
