import { MetricUnit } from '@aws-lambda-powertools/metrics';
import type { Tools } from '../frame/runtime';
import type { FleetGroup, GroupState } from './fleet-group';

/**
 * Resumes what AWS has suspended after a day without a successful launch: capacity may be there again. What
 * the user has suspended stays so, and zone rebalancing always.
 */
export async function resumeProcesses(
  { suspendedByAws }: GroupState,
  group: FleetGroup,
  tools: Tools,
): Promise<void> {
  const [first, ...others] = suspendedByAws.filter((name) => name !== 'AZRebalance');
  if (first === undefined) return;
  const processes = [first, ...others] as const;
  await attempt('resume processes of the group', tools, async () => {
    await group.resume(processes);
    tools.logger.warn('resumed processes of the group that AWS had suspended', { processes });
  });
}

/** Corrects the settings of the group. @param limits the warm machines, and the most machines */
export async function correctGroup(
  { desired, minSize, maxSize, suspended }: GroupState,
  { warm, maxMachines }: { warm: number; maxMachines: number },
  group: FleetGroup,
  tools: Tools,
): Promise<void> {
  const { logger, metrics } = tools;
  // A maximum below the current number of machines would terminate some of them.
  const most = Math.max(maxMachines, desired);
  if (minSize !== warm || maxSize !== most)
    await attempt('change the size limits of the group', tools, () => group.bound(warm, most));
  // Machines terminate themselves and leave zones unbalanced. To rebalance, Auto Scaling would
  // terminate working machines.
  if (!suspended.includes('AZRebalance'))
    await attempt('suspend zone rebalancing', tools, () => group.suspend('AZRebalance'));
  const isLaunchSuspended = suspended.includes('Launch');
  metrics.addMetric('LaunchSuspended', MetricUnit.Count, isLaunchSuspended ? 1 : 0);
  if (isLaunchSuspended)
    logger.warn('the group cannot launch machines: its process Launch is suspended. See docs/runbook.md');
}

/** Changes the group. A failure must not keep a waiting job from its machine. */
async function attempt(what: string, { logger, metrics }: Tools, change: () => Promise<void>): Promise<void> {
  try {
    await change();
  } catch (error) {
    logger.error(`cannot ${what}`, error as Error);
    metrics.addMetric('GroupChangesFailed', MetricUnit.Count, 1);
  }
}
