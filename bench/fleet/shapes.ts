import { between, lognormal, type Random, seeded } from './random';
import type { Job, Trace } from './trace';

const DAY = 86_400;
const HOUR = 3600;

/** The longest recording: 4.6 hours. */
const LONGEST = 16_560;

/** Recordings of meetings: most are minutes long, a few are hours long. */
const recording = (random: Random): number => Math.min(LONGEST, Math.max(60, lognormal(random, 1200, 1)));

/** Share of the jobs of a working day in each hour, in any unit. */
const WORKING_DAY = [1, 1, 1, 1, 1, 3, 6, 12, 20, 28, 30, 28, 17, 25, 27, 25, 24, 14, 9, 7, 5, 3, 2, 1];

function timeOfDay(random: Random): number {
  let left = random() * WORKING_DAY.reduce((sum, weight) => sum + weight, 0);
  const hour = WORKING_DAY.findIndex((weight) => (left -= weight) < 0);
  return (hour + random()) * HOUR;
}

const daily = (days: number, perDay: number, job: () => Job): Job[] =>
  Array.from({ length: days * perDay }, (_, index) => {
    const { arrival, audio } = job();
    return { arrival: Math.floor(index / perDay) * DAY + arrival, audio };
  });

/** The tenant with a single file in the shape `tenants`. */
export const QUIET = 'quiet';

interface Shape extends Pick<Trace, 'horizon' | 'maxMachines'> {
  jobs: (random: Random) => Job[];
}

/** Traffic of each shape, for any seed. */
export const SHAPES = {
  sporadic: {
    horizon: 14 * DAY,
    jobs: (random) => daily(14, 30, () => ({ arrival: random() * DAY, audio: recording(random) })),
  },
  diurnal: {
    horizon: 3 * DAY,
    jobs: (random) => daily(3, 500, () => ({ arrival: timeOfDay(random), audio: recording(random) })),
  },
  burst: {
    horizon: 0,
    jobs: (random) =>
      Array.from({ length: 430 }, () => ({ arrival: 0, audio: lognormal(random, 1870, 0.53) })),
  },
  steady: {
    horizon: DAY,
    jobs: (random) =>
      Array.from({ length: 1440 }, (_, minute) => ({
        arrival: 60 * (minute + random()),
        audio: between(random, 60, 180),
      })),
  },
  heavy: {
    horizon: 3 * DAY,
    jobs: (random) =>
      daily(3, 200, () => ({ arrival: random() * DAY, audio: random() < 0.1 ? LONGEST : 16 })),
  },
  internet: {
    horizon: HOUR,
    jobs: (random) =>
      Array.from({ length: 50 * HOUR }, () => ({ arrival: random() * HOUR, audio: recording(random) })),
    maxMachines: 10_000,
  },
  tenants: {
    horizon: 0,
    jobs: (random) => [
      ...Array.from({ length: 10_000 }, () => ({ arrival: 0, audio: recording(random), tenant: 'busy' })),
      { arrival: 1, audio: 1200, tenant: QUIET },
    ],
  },
} satisfies Record<string, Shape>;

export type ShapeName = keyof typeof SHAPES;

/** The shapes that are simulated by default. `internet` takes minutes; `tenants` is about waits. */
export const DEFAULT_SHAPES: readonly ShapeName[] = ['sporadic', 'diurnal', 'burst', 'steady', 'heavy'];

export function generate(name: ShapeName, seed: number): Trace {
  const { jobs, horizon, maxMachines }: Shape = SHAPES[name];
  const sorted = jobs(seeded(seed)).sort((one, other) => one.arrival - other.arrival);
  return { name, jobs: sorted, horizon, maxMachines };
}
