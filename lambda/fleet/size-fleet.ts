import { AutoScalingClient } from '@aws-sdk/client-auto-scaling';
import { CloudWatchClient } from '@aws-sdk/client-cloudwatch';
import { SQSClient } from '@aws-sdk/client-sqs';
import { MetricUnit } from '@aws-lambda-powertools/metrics';
import { ENV } from '../../core/contract/environment';
import type { SizeFleetEvent } from '../../core/contract/machine';
import { documentClient } from '../frame/document-client';
import { endMachines, type Watch } from './end-machines';
import { FleetGroup, type GroupState } from './fleet-group';
import { type Balancer, fleetWork } from './fleet-work';
import { MachineStore } from '../../core/fleet/machine-store';
import { env, envNumber, lambdaHandler, type Tools } from '../frame/runtime';
import { desiredMachines, workIn } from '../../core/fleet/sizing';
import { SizingLock } from './sizing-lock';
import { warmMachines, type WarmSettings } from '../../core/fleet/warm-hours';

export interface Dependencies extends Watch {
  lock: Pick<SizingLock, 'exclusive'>;
  maxMachines: number;
  jobsPerMachine: number;
  warm: WarmSettings;
}

/**
 * Raises the fleet to match the work, when a job arrives and every minute. Every minute it also
 * terminates dead machines.
 */
export const handler = lambdaHandler((): Dependencies => {
  const documents = documentClient();
  const table = env('jobsTable');
  return {
    sqs: new SQSClient(),
    group: new FleetGroup(new AutoScalingClient(), env('fleetName')),
    lock: new SizingLock(documents, table),
    machines: new MachineStore(documents, table),
    queueUrl: env('queueUrl'),
    maxMachines: envNumber('maxMachines'),
    jobsPerMachine: envNumber('jobsPerMachine'),
    idleSeconds: envNumber('idleSeconds'),
    warm: {
      machines: envNumber('warmMachines'),
      hours: process.env[ENV.warmHours],
      timeZone: process.env[ENV.warmTimeZone],
    },
    balancer: process.env[ENV.loadBalancer] === undefined ? undefined : balancer(),
  };
}, sizeFleet);

const balancer = (): Balancer => ({
  cloudWatch: new CloudWatchClient(),
  name: env('loadBalancer'),
  publicName: process.env[ENV.publicLoadBalancer],
  requestsPerMachine: envNumber('requestsPerMachine'),
});

/** @returns the desired number of machines; undefined if another run is sizing the fleet */
export async function sizeFleet(
  event: SizeFleetEvent | null | undefined,
  dependencies: Dependencies,
  tools: Tools,
): Promise<{ desired?: number }> {
  const desired = await dependencies.lock.exclusive(() => sizeOnce(dependencies, tools));
  if (event?.watch === true) {
    const warm = warmMachines(dependencies.warm, new Date());
    await endMachines(dependencies, warm, tools);
  }
  return { desired };
}

async function sizeOnce(dependencies: Dependencies, tools: Tools): Promise<number> {
  const { group, maxMachines, jobsPerMachine } = dependencies;
  const { logger, metrics } = tools;
  const before = await group.describe();
  const warm = warmMachines(dependencies.warm, new Date());
  await correctGroup(before, warm, dependencies, tools);
  const work = await fleetWork(before.desired, dependencies, tools);
  if (workIn(work) > 0) await resumeProcesses(before, group, tools);
  const desired = desiredMachines({ ...work, desired: before.desired, warm, maxMachines, jobsPerMachine });
  metrics.addMetric('DesiredMachines', MetricUnit.Count, desired);
  metrics.addMetric('JobsInQueue', MetricUnit.Count, work.visible + work.delayed);
  metrics.addMetric('JobsInFlight', MetricUnit.Count, work.inFlight);
  if (desired > before.desired) {
    const { visible, inFlight, delayed, requestsInFlight } = work;
    const jobs = { visible, inFlight, delayed };
    logger.info('raising the fleet', { from: before.desired, to: desired, ...jobs, requestsInFlight });
    await group.raise(desired);
  }
  return desired;
}

/**
 * Resumes what AWS has suspended after a day without a successful launch: capacity may be there again. What
 * the user has suspended stays so, and zone rebalancing always.
 */
async function resumeProcesses(
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

/** Corrects the settings of the group. */
async function correctGroup(
  { desired, minSize, maxSize, suspended }: GroupState,
  warm: number,
  { group, maxMachines }: Dependencies,
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
