import { clairvoyantBound } from './bound/clairvoyant';
import { policies, type PolicyName } from './policies';
import type { Tuning } from './policies/list-scheduling';
import { generate, QUIET, type ShapeName } from './shapes';
import { jobSeconds } from './machine';
import type { Trace } from './trace';
import { mean, percentile } from '../figure';
import { DEFAULT_WORLD, type WorldOptions } from './world-options';

export interface Comparison {
  /** A trace for each seed, or one trace for all. */
  sources: readonly Source[];
  policies: readonly PolicyName[];
  seeds: number;
  /** @default - of each trace, or of the world */
  maxMachines?: number;
  world: Partial<WorldOptions>;
  tuning: Tuning;
  /** Partial schedules that the bound's search keeps. @default - of the bound */
  width?: number;
}

export type Source = ShapeName | Trace;

/** Means over the seeds. Times in seconds. */
export interface Result {
  shape: string;
  policy: PolicyName;
  /** Machine time by that of the bound. */
  ratio: number;
  p95Wait: number;
  machineSeconds: number;
  boundSeconds: number;
  launches: number;
  interruptions: number;
  /** Share of the audio that was done twice because of interruptions. */
  redoneShare: number;
  /** Share of the machine time in which machines work. */
  busyShare: number;
  /** Longest wait of a quiet tenant's job in any seed. @default - the shape has no such tenant */
  quietWait?: number;
}

type Run = Omit<Result, 'shape' | 'policy' | 'quietWait'> & { quietWaits: number[] };

/** @param say reports progress */
export function compare(comparison: Comparison, say: (text: string) => void): Result[] {
  return comparison.sources.flatMap((source) => {
    const shape = typeof source === 'string' ? source : source.name;
    const seeds = Array.from({ length: comparison.seeds }, (_, index) => index + 1);
    const runs = seeds.map((seed) => {
      say(`${shape}, seed ${seed} of ${seeds.length}`);
      return runAll(typeof source === 'string' ? generate(source, seed) : source, seed, comparison);
    });
    return comparison.policies.map((policy, index): Result => {
      const average = (of: Exclude<keyof Run, 'quietWaits'>) => mean(runs.map((run) => run[index]![of]));
      const quietWaits = runs.flatMap((run) => run[index]!.quietWaits);
      return {
        shape,
        policy,
        ratio: average('ratio'),
        p95Wait: average('p95Wait'),
        machineSeconds: average('machineSeconds'),
        boundSeconds: average('boundSeconds'),
        launches: average('launches'),
        interruptions: average('interruptions'),
        redoneShare: average('redoneShare'),
        busyShare: average('busyShare'),
        ...(quietWaits.length > 0 && { quietWait: Math.max(...quietWaits) }),
      };
    });
  });
}

function runAll(trace: Trace, seed: number, comparison: Comparison): Run[] {
  const maxMachines = comparison.maxMachines ?? trace.maxMachines ?? DEFAULT_WORLD.maxMachines;
  const world = { ...DEFAULT_WORLD, ...comparison.world, seed, maxMachines };
  const { boot, speed } = world;
  const run = policies(comparison.tuning);
  const bounds = new Map<number, number>();
  return comparison.policies.map((policy) => {
    const circumstances = { boot: boot * world.bootEstimate, maxMachines };
    const outcome = run[policy](trace, circumstances, world);
    const { waits, machineSeconds, launches, interruptions } = outcome;
    const p95Wait = percentile(waits, 0.95);
    const boundSeconds =
      bounds.get(p95Wait) ??
      clairvoyantBound(trace.jobs, { boot, speed, wait: p95Wait, width: comparison.width });
    bounds.set(p95Wait, boundSeconds);
    const audio = sum(trace.jobs.map((job) => job.audio));
    const work = sum(trace.jobs.map((job) => jobSeconds(job.audio, speed)));
    return {
      ...{ ratio: machineSeconds / boundSeconds, p95Wait, machineSeconds, boundSeconds },
      ...{ redoneShare: outcome.redoneAudio / audio, busyShare: work / machineSeconds },
      ...{ launches, interruptions, quietWaits: outcome.tenantWaits[QUIET] ?? [] },
    };
  });
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
