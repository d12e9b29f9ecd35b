import type { Circumstances, PolicyMaker } from '../policy';
import type { Trace } from '../trace';
import { simulate } from '../world';
import type { Outcome, WorldOptions } from '../world-options';
import { bestFixed } from './best-fixed';
import { byNumber } from './by-number';
import { fixed } from './fixed';
import { listScheduling, type Tuning } from './list-scheduling';
import { managedScaling } from './managed-scaling';
import { stepScaling } from './step-scaling';
import { targetTracking } from './target-tracking';

/** One run of a policy. */
export type Runner = (trace: Trace, circumstances: Circumstances, world: Partial<WorldOptions>) => Outcome;

const runner =
  (make: PolicyMaker): Runner =>
  (trace, circumstances, world) =>
    simulate(trace, make(circumstances), world);

export const policies = (tuning: Tuning = {}) =>
  ({
    'list-scheduling': runner(listScheduling(tuning)),
    'by-number': runner(byNumber),
    'managed-scaling': runner(managedScaling),
    'target-tracking': runner(targetTracking),
    'step-scaling': runner(stepScaling),
    'best-fixed': bestFixed,
    'always-one': runner(fixed(1)),
  }) as const satisfies Record<string, Runner>;

export type PolicyName = keyof ReturnType<typeof policies>;

export const POLICY_NAMES = Object.keys(policies()) as PolicyName[];
