import { Annotations } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import type { DeployedTasks } from '../../core/contract/tasks';
import type { Settings } from '../settings';
import { analysisCost } from './analysis-cost';
import { monthlyCost, type Warmth } from './warmth';

interface Costly {
  readonly warmth: Warmth;
  readonly tasks: DeployedTasks;
  readonly settings: Settings;
  /** Whether the path has a load balancer. */
  readonly balanced: boolean;
}

/** Tells at synthesis what a path costs while nothing is queued, and what analyses cost. */
export function announceCosts(path: Construct, { warmth, tasks, settings, balanced }: Costly): void {
  const month = monthlyCost(warmth, settings.instanceTypes[0] ?? '', balanced);
  if (month !== undefined) Annotations.of(path).addInfoV2('spotscribe:warmMachines', month);
  const analysis = analysisCost(tasks, settings);
  if (analysis !== undefined) Annotations.of(path).addWarningV2('spotscribe:analysisCost', analysis);
}
