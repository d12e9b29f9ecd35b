import { AutoScalingClient } from '@aws-sdk/client-auto-scaling';
import { CloudWatchClient } from '@aws-sdk/client-cloudwatch';
import { SQSClient } from '@aws-sdk/client-sqs';
import { isDeepStrictEqual } from 'node:util';
import { MetricUnit } from '@aws-lambda-powertools/metrics';
import { ENV, METRIC } from '../../core/contract/environment';
import type { FleetRow, SizeFleetEvent, WaitingRow } from '../../core/contract/machine';
import type { Unit } from '../../core/contract/names';
import { documentClient } from '../frame/document-client';
import { endMachines, type Watch } from './end-machines';
import { FleetGroup, type GroupState } from './fleet-group';
import { describeGroups, type FleetGroups } from './fleet-groups';
import { sizeOnDemand } from './size-on-demand';
import { type Balancer, fleetWork } from './fleet-work';
import { correctGroup, resumeProcesses } from './group-settings';
import { FleetStore } from '../../core/fleet/fleet-store';
import { fleetIdleSeconds, type IdleRule } from '../../core/fleet/idle-rule';
import { MANY_JOBS } from '../../core/fleet/list-scheduling';
import { MachineStore } from '../../core/fleet/machine-store';
import { queueBeside } from '../../core/jobs/queue-beside';
import { knownMachines } from './known-machines';
import { env, envNumber, lambdaHandler, type Tools } from '../frame/runtime';
import { desiredMachines, FAILED_BOOTS, FLEET_MODES, type FleetMode, workIn } from '../../core/fleet/sizing';
import { withShortage } from '../../core/fleet/shortage';
import { SizingLock } from './sizing-lock';
import { WaitingJobs } from '../../core/fleet/waiting-jobs';
import { warmMachines, type WarmSettings } from '../../core/fleet/warm-hours';
import { warmFloor, WarmRequests } from '../../core/fleet/warm-request';
import { warmSettings } from './warm-settings';

export interface Dependencies extends Watch {
  lock: Pick<SizingLock, 'exclusive'>;
  fleet: Pick<FleetStore, 'read' | 'write'>;
  waiting: Pick<WaitingJobs, 'find'>;
  maxMachines: number;
  mode: FleetMode;
  unit: Unit;
  /** @default - a plan of the work */
  jobsPerMachine?: number;
  idle: IdleRule;
  warm: WarmSettings;
  requests: Pick<WarmRequests, 'find'>;
}

/**
 * Raises the fleet to match the work, when a job arrives and every minute. Every minute it also
 * terminates dead machines.
 */
export const handler = lambdaHandler((): Dependencies => {
  const documents = documentClient();
  const autoScaling = new AutoScalingClient();
  const table = env('jobsTable');
  return {
    sqs: new SQSClient(),
    group: new FleetGroup(autoScaling, env('fleetName')),
    onDemand: process.env[ENV.onDemandFleetName] === undefined ? undefined : onDemand(autoScaling),
    lock: new SizingLock(documents, table),
    machines: new MachineStore(documents, table),
    fleet: new FleetStore(documents, table),
    waiting: new WaitingJobs(documents, table),
    queueUrl: env('queueUrl'),
    bulkQueueUrl: queueBeside(env('queueUrl'), env('bulkQueue')),
    maxMachines: envNumber('maxMachines'),
    mode: env('fleetMode') as FleetMode,
    unit: env('unit') as Unit,
    ...(process.env[ENV.jobsPerMachine] !== undefined && { jobsPerMachine: envNumber('jobsPerMachine') }),
    idle: {
      kind: (process.env[ENV.idleRule] ?? 'queue') as IdleRule['kind'],
      ...(process.env[ENV.idleSeconds] !== undefined && { seconds: envNumber('idleSeconds') }),
    },
    warm: warmSettings(),
    requests: new WarmRequests(documents, table),
    balancer: process.env[ENV.loadBalancer] === undefined ? undefined : balancer(),
  };
}, sizeFleet);

const onDemand = (client: AutoScalingClient): FleetGroups['onDemand'] => ({
  group: new FleetGroup(client, env('onDemandFleetName')),
  afterMs: envNumber('onDemandAfter') * 60_000,
  most: envNumber('onDemandMachines'),
});

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
  if (event?.interrupted !== undefined && !(await noteInterruption(event.interrupted, dependencies, tools)))
    return {};
  const desired = await dependencies.lock.exclusive(() => sizeOnce(event?.arrived, dependencies, tools));
  if (event?.watch === true) {
    const [warm, fleet] = await Promise.all([machinesToKeep(dependencies), dependencies.fleet.read()]);
    const idleSeconds = fleetIdleSeconds(dependencies.idle, fleet);
    await endMachines(dependencies, { warm, idleSeconds, fleet }, tools);
  }
  return { desired };
}

/** Machines to keep running without work, by the settings or by a request. */
async function machinesToKeep({ warm, requests, maxMachines }: Dependencies): Promise<number> {
  const now = new Date();
  return warmFloor(warmMachines(warm, now), await requests.find(), { maxMachines, now: now.getTime() });
}

/**
 * Records that AWS takes a machine back, so that it counts no longer.
 *
 * @returns whether the machine is one of the fleet: AWS announces the interruptions of all machines of the account
 */
async function noteInterruption(
  id: string,
  { group, machines }: Pick<Dependencies, 'group' | 'machines'>,
  { logger }: Tools,
): Promise<boolean> {
  const { machines: instances } = await group.describe();
  if (!instances.some((instance) => instance.id === id)) return false;
  await machines.noteInterruption(id, Date.now());
  logger.warn('AWS takes a machine back', { instance_id: id });
  return true;
}

async function sizeOnce(
  arrived: WaitingRow | undefined,
  dependencies: Dependencies,
  tools: Tools,
): Promise<number> {
  const { group, maxMachines, mode, unit, jobsPerMachine, waiting } = dependencies;
  const { logger, metrics } = tools;
  const now = Date.now();
  const [before, earlier, warm, indexed] = await Promise.all([
    describeGroups(dependencies),
    dependencies.fleet.read(),
    machinesToKeep(dependencies),
    waiting.find(MANY_JOBS + 1, now),
  ]);
  await correctGroup(before.spot, { warm, maxMachines }, group, tools);
  const jobs = withArrived(indexed, arrived);
  const { machines, ...known } = await knownMachines(
    before.machines,
    earlier,
    jobs,
    dependencies.machines,
    now,
  );
  const fleet = await shortage(known.fleet, before.spot, group, tools, now);
  const idleSeconds = fleetIdleSeconds(dependencies.idle, fleet);
  const work = await fleetWork(before.desired, idleSeconds, dependencies, tools);
  if (workIn(work) + warm > 0) await resumeProcesses(before.spot, group, tools);
  const state = {
    ...{ ...work, jobs, machines, desired: before.desired, warm, maxMachines },
    ...{ schedule: FLEET_MODES[mode], unit, jobsPerMachine, fleet, now },
  };
  const desired = desiredMachines(state);
  metrics.addMetric('DesiredMachines', MetricUnit.Count, desired);
  metrics.addMetric('JobsInQueue', MetricUnit.Count, work.messages);
  metrics.addMetric('JobsInFlight', MetricUnit.Count, work.inFlight);
  metrics.addMetric(METRIC.failedBoots, MetricUnit.Count, fleet.failed_boots);
  if (fleet.failed_boots >= FAILED_BOOTS)
    logger.warn('machines fail to boot: launching one at a time', { failed_boots: fleet.failed_boots });
  const raised = desired > before.desired;
  if (raised) {
    const { messages, inFlight, requestsInFlight } = work;
    const counts = { waiting: jobs.length, messages, inFlight, requestsInFlight };
    logger.info('raising the fleet', { from: before.desired, to: desired, ...counts });
    await group.raise(before.spot.desired + desired - before.desired);
  }
  await sizeOnDemand(dependencies, before, state, tools);
  const after = raised ? { ...fleet, raised_at: now } : fleet;
  if (!isDeepStrictEqual(after, earlier)) await dependencies.fleet.write(after);
  return desired;
}

/** What is known of the fleet, with why its group lacks machines, if it does. */
async function shortage(
  fleet: FleetRow,
  { desired, machines }: GroupState,
  group: FleetGroup,
  { logger, metrics }: Tools,
  now: number,
): Promise<FleetRow> {
  const present = machines.filter(({ terminating }) => !terminating).length;
  const newestFailure = async () => {
    try {
      return await group.newestFailure();
    } catch (error) {
      logger.warn('cannot read why launches fail', error as Error);
      return undefined;
    }
  };
  const known = await withShortage(now, fleet, desired > present, newestFailure);
  const { launch_failure } = known;
  metrics.addMetric(METRIC.launchesFailing, MetricUnit.Count, launch_failure === undefined ? 0 : 1);
  if (launch_failure !== undefined && known.failures_read_at === now)
    logger.warn('AWS launches no machine', { desired, present, reason: launch_failure.message });
  return known;
}

/** The waiting jobs, with one that the index may not show yet. */
const withArrived = (jobs: WaitingRow[], arrived: WaitingRow | undefined): WaitingRow[] =>
  arrived === undefined || jobs.some(({ id }) => id === arrived.id) ? jobs : [...jobs, arrived];
