import {
  AutoScalingClient,
  DescribeAutoScalingGroupsCommand,
  DescribeScalingActivitiesCommand,
  type Instance,
  ResumeProcessesCommand,
  SetDesiredCapacityCommand,
  SuspendProcessesCommand,
  TerminateInstanceInAutoScalingGroupCommand,
  UpdateAutoScalingGroupCommand,
} from '@aws-sdk/client-auto-scaling';
import { CloudWatchClient, GetMetricDataCommand } from '@aws-sdk/client-cloudwatch';
import { GetQueueAttributesCommand, SQSClient } from '@aws-sdk/client-sqs';
import { mockClient } from 'aws-sdk-client-mock';
import type { FleetRow, MachineRow, WaitingRow } from '../../../core/contract/machine';
import { NEW_FLEET } from '../../../core/fleet/learning';
import { FleetGroup } from '../../../lambda/fleet/fleet-group';
import { type Dependencies, sizeFleet } from '../../../lambda/fleet/size-fleet';
import { MemoryMachines } from '../../support/memory-machines';
import { freezeTime, NOW, quietTools } from '../../support/support';

/** What is known of the fleet, in memory. */
class MemoryFleet {
  row: FleetRow = NEW_FLEET;
  writes = 0;

  async read(): Promise<FleetRow> {
    return JSON.parse(JSON.stringify(this.row)) as FleetRow;
  }

  async write(row: FleetRow): Promise<void> {
    this.row = JSON.parse(JSON.stringify(row)) as FleetRow;
    this.writes++;
  }
}

const sqs = mockClient(SQSClient);
const autoScaling = mockClient(AutoScalingClient);
const cloudWatch = mockClient(CloudWatchClient);
let machines: MemoryMachines;
/** The jobs in the index. */
let waiting: WaitingRow[];
let fleet: MemoryFleet;
const dependencies: Dependencies = {
  sqs: new SQSClient(),
  group: new FleetGroup(new AutoScalingClient(), 'fleet'),
  lock: { exclusive: (size) => size() },
  get machines() {
    return machines;
  },
  queueUrl: 'http://localhost:1/queue',
  get fleet() {
    return fleet;
  },
  waiting: { find: async () => waiting },
  ...{ maxMachines: 5, mode: 'standard', unit: 'audio_second' },
  bulkQueueUrl: 'http://localhost:1/bulk',
  jobsPerMachine: 2,
  idle: { kind: 'queue', seconds: 300 },
  warm: { machines: 0 },
  requests: { find: async () => undefined },
};
const tools = quietTools();
const size = (change: Partial<Dependencies> = {}) => sizeFleet({}, depending(change), tools);
/** What the schedule does. */
const watch = (change: Partial<Dependencies> = {}) => sizeFleet({ watch: true }, depending(change), tools);
const depending = (change: Partial<Dependencies>) => ({ ...dependencies, machines, fleet, ...change });
const balanced: Partial<Dependencies> = {
  balancer: { cloudWatch: new CloudWatchClient(), name: 'app/machines/1', requestsPerMachine: 2 },
};
const sizeBalanced = () => size(balanced);

/** The capacities that were asked for. */
const asked = () => autoScaling.commandCalls(SetDesiredCapacityCommand).map(({ args }) => args[0].input);
/** The machines that were ended. */
const ended = () =>
  autoScaling.commandCalls(TerminateInstanceInAutoScalingGroupCommand).map(({ args }) => args[0].input);
const bounds = () => autoScaling.commandCalls(UpdateAutoScalingGroupCommand).map(({ args }) => args[0].input);
const resumed = () => autoScaling.commandCalls(ResumeProcessesCommand).map(({ args }) => args[0].input);
const suspensions = () => autoScaling.commandCalls(SuspendProcessesCommand).map(({ args }) => args[0].input);

interface Given {
  visible?: number;
  inFlight?: number;
  delayed?: number;
  desired?: number;
  minSize?: number;
  maxSize?: number;
  suspended?: string[];
  /** Processes that AWS has suspended. */
  byAws?: string[];
  /** @default - as many as are desired, in service */
  instances?: Partial<Instance>[];
}

function given({
  visible = 0,
  inFlight = 0,
  delayed = 0,
  desired = 0,
  minSize = 0,
  maxSize = 5,
  ...more
}: Given) {
  const {
    suspended = ['AZRebalance'],
    byAws = [],
    instances = Array.from({ length: desired }, () => ({})),
  } = more;
  sqs.on(GetQueueAttributesCommand).resolves({});
  sqs.on(GetQueueAttributesCommand, { QueueUrl: dependencies.queueUrl }).resolves({
    Attributes: {
      ApproximateNumberOfMessages: String(visible),
      ApproximateNumberOfMessagesNotVisible: String(inFlight),
      ApproximateNumberOfMessagesDelayed: String(delayed),
    },
  });
  autoScaling.on(DescribeAutoScalingGroupsCommand).resolves({
    AutoScalingGroups: [
      {
        AutoScalingGroupName: 'fleet',
        MinSize: minSize,
        MaxSize: maxSize,
        DesiredCapacity: desired,
        DefaultCooldown: 300,
        AvailabilityZones: [],
        HealthCheckType: 'EC2',
        CreatedTime: NOW,
        SuspendedProcesses: [
          ...suspended.map((ProcessName) => ({
            ProcessName,
            SuspensionReason: 'User suspended at 2026-11-30T12:00:00Z',
          })),
          ...byAws.map((ProcessName) => ({ ProcessName, SuspensionReason: 'Suspended by Auto Scaling' })),
        ],
        Instances: instances.map((instance, at) => ({
          InstanceId: `i-${at + 1}`,
          AvailabilityZone: 'a',
          LifecycleState: 'InService',
          HealthStatus: 'Healthy',
          ProtectedFromScaleIn: false,
          ...instance,
        })),
      },
    ],
  });
}

const BOOT_MINUTES = 15;
const minutesAgo = (minutes: number) => NOW.getTime() - minutes * 60_000;
/** A machine whose worker has written a heartbeat just now. */
const alive = (id: string, idle_seconds: number, change: Partial<MachineRow> = {}) =>
  machines.put(id, { heartbeat_at: minutesAgo(0.5), idle_seconds, ...change });
/** A machine that was seen without a heartbeat each minute for so long. */
const silent = (id: string, minutes: number) =>
  machines.put(id, { silent_since: minutesAgo(minutes), looked_at: minutesAgo(1) });

/** What CloudWatch has: the seconds that answers took, by how many minutes ago they began. */
function answered(seconds: Record<number, number>, streamed: Record<number, number> = {}) {
  const minutes = (sums: Record<number, number>) => ({
    Timestamps: Object.keys(sums).map((ago) => new Date(NOW.getTime() - Number(ago) * 60_000)),
    Values: Object.values(sums),
  });
  cloudWatch.on(GetMetricDataCommand).resolves({
    MetricDataResults: [
      { Id: 'streamed', ...minutes(streamed) },
      { Id: 'seconds', ...minutes(seconds) },
    ],
  });
}

beforeEach(() => {
  freezeTime();
  machines = new MemoryMachines();
  fleet = new MemoryFleet();
  waiting = [];
  cloudWatch.reset();
  sqs.reset();
  autoScaling.reset();
  for (const command of [
    ResumeProcessesCommand,
    SetDesiredCapacityCommand,
    SuspendProcessesCommand,
    TerminateInstanceInAutoScalingGroupCommand,
    UpdateAutoScalingGroupCommand,
  ])
    autoScaling.on(command as never).resolves({});
});
afterEach(() => jest.useRealTimers());

test('wakes the fleet from zero on the first job, without waiting for a cooldown', async () => {
  given({ visible: 1 });
  expect(await size()).toEqual({ desired: 1 });
  expect(asked()).toEqual([{ AutoScalingGroupName: 'fleet', DesiredCapacity: 1, HonorCooldown: false }]);
});

test('reads all message counts of the queue, and only its own group', async () => {
  given({ visible: 1, inFlight: 3, delayed: 2, desired: 1 });
  expect(await size()).toEqual({ desired: 3 });
  expect(sqs.commandCalls(GetQueueAttributesCommand)[0]!.args[0].input).toEqual({
    QueueUrl: dependencies.queueUrl,
    AttributeNames: [
      'ApproximateNumberOfMessages',
      'ApproximateNumberOfMessagesNotVisible',
      'ApproximateNumberOfMessagesDelayed',
    ],
  });
  expect(autoScaling.commandCalls(DescribeAutoScalingGroupsCommand)[0]!.args[0].input).toEqual({
    AutoScalingGroupNames: ['fleet'],
  });
});

test('counts the messages of the bulk queue, too', async () => {
  given({ visible: 1, inFlight: 1, desired: 1 });
  sqs.on(GetQueueAttributesCommand, { QueueUrl: dependencies.bulkQueueUrl }).resolves({
    Attributes: {
      ApproximateNumberOfMessages: '3',
      ApproximateNumberOfMessagesNotVisible: '2',
      ApproximateNumberOfMessagesDelayed: '1',
    },
  });
  expect(await size()).toEqual({ desired: 4 });
});

test('does not exceed the maximum of machines', async () => {
  given({ visible: 1000 });
  await size();
  expect(asked()).toMatchObject([{ DesiredCapacity: 5 }]);
});

test.each<[string, Given]>([
  ['there is nothing to do and no machine', {}],
  ['there are enough machines', { visible: 3, desired: 2 }],
  ['there are more machines than needed', { visible: 1, desired: 4 }],
  ['nothing is queued, and the last launch is 1501 s ago', { desired: 1 }],
  ['a worker holds the last job for hours', { inFlight: 1, desired: 1 }],
])('changes nothing while %s', async (_, each) => {
  given(each);
  expect(await size()).toEqual({ desired: each.desired ?? 0 });
  expect(asked()).toEqual([]);
  expect(await watch()).toEqual({ desired: each.desired ?? 0 });
  expect(asked()).toEqual([]);
  expect(ended()).toEqual([]);
});

test('leaves the sizing to a concurrent run', async () => {
  given({ visible: 1 });
  expect(await size({ lock: { exclusive: async () => undefined } })).toEqual({ desired: undefined });
  expect(asked()).toEqual([]);
});

test('names a missing group', async () => {
  given({ visible: 1 });
  autoScaling.on(DescribeAutoScalingGroupsCommand).resolves({ AutoScalingGroups: [] });
  await expect(size()).rejects.toThrow('The Auto Scaling group fleet does not exist');
});

test('fails without changes if the queue does not respond', async () => {
  given({ desired: 2 });
  sqs.on(GetQueueAttributesCommand).rejects(new Error('no queue'));
  await expect(size()).rejects.toThrow('no queue');
  expect(asked()).toEqual([]);
});

describe('the watchdog', () => {
  test('terminates a machine without a heartbeat for three boots, and lowers the capacity', async () => {
    given({ desired: 2, visible: 3, inFlight: 1 });
    alive('i-1', 0);
    silent('i-2', 3 * BOOT_MINUTES);
    await watch();
    expect(ended()).toEqual([{ InstanceId: 'i-2', ShouldDecrementDesiredCapacity: true }]);
  });

  test('replaces a dead warm machine', async () => {
    given({ desired: 1, minSize: 1 });
    silent('i-1', 3 * BOOT_MINUTES);
    await watch({ warm: { machines: 1 } });
    expect(ended()).toEqual([{ InstanceId: 'i-1', ShouldDecrementDesiredCapacity: false }]);
  });

  test('records when a machine became silent, and terminates it three boots later', async () => {
    given({ desired: 1 });
    for (let minute = 0; minute < 3 * BOOT_MINUTES; minute++) {
      await watch();
      expect(ended()).toEqual([]);
      jest.setSystemTime(Date.now() + 60_000);
    }
    await watch();
    expect(ended()).toHaveLength(1);
  });

  test('restarts the silence after a pause between checks: an earlier version may have run', async () => {
    given({ desired: 1 });
    machines.put('i-1', { silent_since: minutesAgo(500), looked_at: minutesAgo(10) });
    await watch();
    machines.put('i-1', { heartbeat_at: minutesAgo(3_000), idle_seconds: 0 });
    await watch();
    expect(ended()).toEqual([]);
  });

  test.each<[string, Given, () => void, Partial<Dependencies>]>([
    ['its worker has just written', { desired: 1 }, () => alive('i-1', 0), {}],
    ['it is idle, but not for long', { desired: 1 }, () => alive('i-1', 1_499), {}],
    ['it is idle, and a job waits', { desired: 1, visible: 1 }, () => alive('i-1', 9_999), {}],
    ['it is idle, and another works', { desired: 2, inFlight: 1 }, () => alive('i-1', 9_999), {}],
    [
      'it is a warm machine',
      { desired: 1, minSize: 1 },
      () => alive('i-1', 9_999),
      { warm: { machines: 1 } },
    ],
    ['it still boots', { desired: 1 }, () => silent('i-1', 3 * BOOT_MINUTES - 1), {}],
    [
      'it is already terminating',
      { desired: 1, instances: [{ LifecycleState: 'Terminating:Wait' }] },
      () => silent('i-1', 9_999),
      {},
    ],
    [
      'someone keeps it in standby',
      { desired: 1, instances: [{ LifecycleState: 'Standby' }] },
      () => silent('i-1', 9_999),
      {},
    ],
    [
      'someone protects it',
      { desired: 1, instances: [{ ProtectedFromScaleIn: true }] },
      () => silent('i-1', 9_999),
      {},
    ],
  ])('keeps a machine while %s', async (_, state, rows, change) => {
    given(state);
    rows();
    await watch(change);
    expect(ended()).toEqual([]);
  });

  test('terminates a machine that was idle for far too long, if there is no work', async () => {
    given({ desired: 2, instances: [{ LifecycleState: 'Pending' }, {}] });
    alive('i-2', 1_500);
    await watch();
    expect(ended()).toEqual([{ InstanceId: 'i-2', ShouldDecrementDesiredCapacity: true }]);
  });

  test('terminates nothing when a job arrives', async () => {
    given({ desired: 2 });
    alive('i-1', 9_999);
    silent('i-2', 9_999);
    await size();
    await sizeFleet(undefined, depending({}), tools);
    await sizeFleet(null, depending({}), tools);
    expect(ended()).toEqual([]);
  });

  test('keeps a machine whose worker writes a heartbeat at the last moment', async () => {
    given({ desired: 2 });
    alive('i-1', 9_999);
    silent('i-2', 9_999);
    const { markEnding } = machines;
    machines.markEnding = async (...args) => {
      alive('i-1', 0, { heartbeat_at: Date.now() });
      alive('i-2', 0, { heartbeat_at: Date.now() });
      return markEnding.apply(machines, args);
    };
    await watch();
    await watch();
    expect(ended()).toEqual([]);
  });

  test('terminates a machine only once in concurrent runs, and one machine in each run', async () => {
    given({ desired: 3 });
    for (const id of ['i-1', 'i-2', 'i-3']) silent(id, 9_999);
    await Promise.all([watch(), watch(), watch()]);
    expect(ended()).toHaveLength(1);
    await watch();
    expect(ended().map(({ InstanceId }) => InstanceId)).toEqual(['i-1', 'i-2']);
  });

  test('tries again, after other machines, if AWS did not terminate a machine', async () => {
    given({ desired: 2 });
    silent('i-1', 9_999);
    silent('i-2', 9_999);
    autoScaling
      .on(TerminateInstanceInAutoScalingGroupCommand)
      .rejectsOnce(new Error('in progress'))
      .resolves({});
    await expect(watch()).rejects.toThrow('in progress');
    await watch();
    expect(ended().map(({ InstanceId }) => InstanceId)).toEqual(['i-1', 'i-2']);
    jest.setSystemTime(Date.now() + 6 * 60_000);
    silent('i-1', 9_999);
    machines.put('i-1', { ...machines.get('i-1'), looked_at: Date.now() - 60_000 });
    await watch();
    expect(ended().map(({ InstanceId }) => InstanceId)).toEqual(['i-1', 'i-2', 'i-1']);
  });
});

describe('the group', () => {
  test('has zone rebalancing suspended only once', async () => {
    given({ suspended: [] });
    await size();
    expect(suspensions()).toEqual([{ AutoScalingGroupName: 'fleet', ScalingProcesses: ['AZRebalance'] }]);
    given({ suspended: ['Launch', 'AZRebalance'] });
    await size();
    expect(suspensions()).toHaveLength(1);
  });

  test('is sized even if its settings cannot be changed', async () => {
    given({ visible: 1, suspended: [], minSize: 1 });
    autoScaling.on(SuspendProcessesCommand).rejects(new Error('denied'));
    autoScaling.on(UpdateAutoScalingGroupCommand).rejects(new Error('denied'));
    expect(await size()).toEqual({ desired: 1 });
    expect(asked()).toHaveLength(1);
  });

  test('launches again when a job waits, if AWS has suspended that', async () => {
    given({ byAws: ['Launch', 'AZRebalance'] });
    await size();
    expect(resumed()).toEqual([]);
    given({ visible: 1, byAws: ['Launch', 'AZRebalance'] });
    expect(await size()).toEqual({ desired: 1 });
    expect(resumed()).toEqual([{ AutoScalingGroupName: 'fleet', ScalingProcesses: ['Launch'] }]);
  });

  test('keeps what the user has suspended', async () => {
    given({ visible: 1, suspended: ['Launch', 'AZRebalance'] });
    await size();
    expect(resumed()).toEqual([]);
  });

  test('is sized even if its processes cannot be resumed', async () => {
    given({ visible: 1, byAws: ['Launch'] });
    autoScaling.on(ResumeProcessesCommand).rejects(new Error('denied'));
    expect(await size()).toEqual({ desired: 1 });
  });

  test('reports that launches are suspended', async () => {
    const metrics = jest.spyOn(tools.metrics, 'addMetric');
    given({ suspended: ['AZRebalance', 'Launch'] });
    await size();
    expect(metrics).toHaveBeenCalledWith('LaunchSuspended', 'Count', 1);
    given({});
    await size();
    expect(metrics).toHaveBeenLastCalledWith(expect.anything(), 'Count', 0);
    expect(metrics).toHaveBeenCalledWith('LaunchSuspended', 'Count', 0);
  });

  test('keeps only the warm machines', async () => {
    const warm = { machines: 2 };
    given({});
    expect(await size({ warm })).toEqual({ desired: 2 });
    expect(bounds()).toEqual([{ AutoScalingGroupName: 'fleet', MinSize: 2, MaxSize: 5 }]);
    given({ minSize: 2, desired: 3 });
    expect(await size({ warm })).toEqual({ desired: 3 });
    expect(bounds()).toHaveLength(1);
    expect(await size()).toEqual({ desired: 3 });
    expect(bounds()[1]).toEqual({ AutoScalingGroupName: 'fleet', MinSize: 0, MaxSize: 5 });
    expect(asked()).toMatchObject([{ DesiredCapacity: 2 }]);
  });

  test('keeps warm machines only in the given hours', async () => {
    // A Sunday, 13:00 in Berlin.
    const warm = { machines: 1, hours: 'SUN 13:00-14:00', timeZone: 'Europe/Berlin' };
    given({});
    await size({ warm });
    expect(bounds()).toMatchObject([{ MinSize: 1 }]);
    given({ minSize: 1, desired: 1 });
    jest.setSystemTime(Date.now() + 3_600_000);
    await size({ warm });
    expect(bounds()).toMatchObject([{ MinSize: 1 }, { MinSize: 0 }]);
  });

  test('has the maximum of the settings, but never less than its current size', async () => {
    given({ maxSize: 100 });
    await size();
    given({ maxSize: 100, desired: 7, inFlight: 14 });
    expect(await size()).toEqual({ desired: 7 });
    given({ maxSize: 7, desired: 6 });
    await size();
    expect(bounds()).toMatchObject([{ MaxSize: 5 }, { MaxSize: 7 }, { MaxSize: 6 }]);
    expect(asked()).toEqual([]);
  });
});

describe('machines that a request keeps warm', () => {
  const requested = (machines: number, minutes: number): Partial<Dependencies> => ({
    requests: { find: async () => ({ id: 'warm', machines, until: minutesAgo(-minutes), expires_at: 0 }) },
  });

  test('are launched at once, and are the minimum of the group', async () => {
    given({});
    expect(await size(requested(2, 30))).toEqual({ desired: 2 });
    expect(bounds()).toEqual([{ AutoScalingGroupName: 'fleet', MinSize: 2, MaxSize: 5 }]);
  });

  test('are not terminated when they are idle, until the request has ended', async () => {
    given({ desired: 1, minSize: 1 });
    alive('i-1', 9_999);
    await watch(requested(1, 1));
    expect([bounds(), ended()]).toEqual([[], []]);
    await watch(requested(1, 0));
    expect(bounds()).toMatchObject([{ MinSize: 0 }]);
    expect(ended()).toMatchObject([{ InstanceId: 'i-1' }]);
  });
});

describe('machines behind a load balancer', () => {
  test('are raised for requests in addition to jobs', async () => {
    given({ inFlight: 1, desired: 1 });
    answered({ 2: 4 * 60 });
    expect(await sizeBalanced()).toEqual({ desired: 3 });
  });

  test('read the sum of response times in each full minute, only of their own load balancer', async () => {
    given({ desired: 1 });
    answered({});
    await sizeBalanced();
    const asked = cloudWatch.commandCalls(GetMetricDataCommand);
    expect(asked).toHaveLength(1);
    const { StartTime, EndTime, MetricDataQueries } = asked[0]!.args[0].input;
    expect(MetricDataQueries).toEqual([
      {
        Id: 'seconds',
        MetricStat: {
          Metric: {
            Namespace: 'AWS/ApplicationELB',
            MetricName: 'TargetResponseTime',
            Dimensions: [{ Name: 'LoadBalancer', Value: 'app/machines/1' }],
          },
          Period: 60,
          Stat: 'Sum',
        },
      },
    ]);
    expect(EndTime!.getTime()).toBe(Math.floor(NOW.getTime() / 60_000) * 60_000);
    expect(EndTime!.getTime() - StartTime!.getTime()).toBe((15 * 60 + 600) * 1000);
  });

  test('read no metrics while none is running, because requests then become jobs', async () => {
    given({ visible: 1 });
    answered({ 1: 600 });
    expect(await sizeBalanced()).toEqual({ desired: 1 });
    expect(cloudWatch.commandCalls(GetMetricDataCommand)).toHaveLength(0);
  });

  test('are kept while requests arrive, even without jobs', async () => {
    given({ desired: 2 });
    alive('i-1', 9_999);
    answered({ 24: 0.5 });
    await watch(balanced);
    expect(ended()).toEqual([]);
    answered({});
    await watch(balanced);
    expect(ended()).toHaveLength(1);
  });

  test('are kept, but not raised, while requests arrive at the public load balancer', async () => {
    const open = { balancer: { ...balanced.balancer!, publicName: 'app/public/2' } };
    given({ desired: 2 });
    alive('i-1', 9_999);
    answered({}, { 2: 3_000, 24: 1 });
    expect(await watch(open)).toEqual({ desired: 2 });
    expect(ended()).toEqual([]);
    const { MetricDataQueries = [] } = cloudWatch.commandCalls(GetMetricDataCommand)[0]!.args[0].input;
    expect(MetricDataQueries.map(({ MetricStat }) => MetricStat!.Metric)).toEqual([
      {
        Namespace: 'AWS/ApplicationELB',
        MetricName: 'TargetResponseTime',
        Dimensions: [{ Name: 'LoadBalancer', Value: 'app/machines/1' }],
      },
      {
        Namespace: 'AWS/ApplicationELB',
        MetricName: 'HTTPCode_Target_2XX_Count',
        Dimensions: [{ Name: 'LoadBalancer', Value: 'app/public/2' }],
      },
    ]);
    answered({}, { 2: 0 });
    await watch(open);
    expect(ended()).toHaveLength(1);
  });

  test('are raised for jobs without metrics, and no idle one is terminated', async () => {
    cloudWatch.on(GetMetricDataCommand).rejects(new Error('no figures'));
    given({ visible: 5, desired: 1 });
    expect(await sizeBalanced()).toEqual({ desired: 3 });
    given({ desired: 2 });
    alive('i-1', 9_999);
    await watch(balanced);
    expect(ended()).toEqual([]);
  });
});

describe('by the work in the jobs', () => {
  const planned = (change: Partial<Dependencies> = {}): Partial<Dependencies> => ({
    ...{ jobsPerMachine: undefined, maxMachines: 50 },
    ...change,
  });
  const waits = (id: string, audio = 60): WaitingRow => ({
    ...{ id, waits_from: NOW.getTime(), queued_at: NOW.toISOString(), estimate: { audio_second: audio } },
  });

  test('the fleet is raised for the work of the jobs in the index', async () => {
    given({});
    waiting = Array.from({ length: 8 }, (_, index) => waits(`job-${index}`, 3600));
    expect(await size(planned())).toEqual({ desired: 3 });
    expect(fleet.row.raised_at).toBe(NOW.getTime());
  });

  test('a job that has just arrived counts before the index shows it, and once', async () => {
    given({});
    const arrived = (row: WaitingRow) => sizeFleet({ arrived: row }, depending(planned()), tools);
    expect(await arrived(waits('a'))).toEqual({ desired: 1 });
    waiting = [waits('a', 19_000), waits('b')];
    given({});
    expect(await arrived(waits('a', 19_000))).toEqual({ desired: 2 });
  });

  test('a job that a worker has just taken does not count, even if the index still shows it', async () => {
    given({ desired: 1 });
    alive('i-1', 0, { ready_at: minutesAgo(9), busy_until: minutesAgo(-90), holding: ['a'] });
    waiting = [waits('a', 99_999)];
    expect(await size(planned())).toEqual({ desired: 1 });
    waiting = [waits('b')];
    expect(await size(planned())).toEqual({ desired: 2 });
  });

  test('boots are learnt, and the fleet’s row is written only when it changes', async () => {
    given({ desired: 1, instances: [{ InstanceType: 'g4dn.xlarge' }] });
    await size(planned());
    expect(fleet.row.machines).toEqual({ 'i-1': { requested_at: NOW.getTime(), type: 'g4dn.xlarge' } });
    await size(planned());
    expect(fleet.writes).toBe(1);
    jest.setSystemTime(NOW.getTime() + 200_000);
    machines.put('i-1', { heartbeat_at: Date.now(), ready_at: Date.now() - 20_000 });
    await size(planned());
    expect(fleet.row.boots).toEqual({ 'g4dn.xlarge': 180 });
  });

  test('a machine that fails to boot again and again is reported, and no second one is launched', async () => {
    const metrics = jest.spyOn(tools.metrics, 'addMetric');
    fleet.row = { ...NEW_FLEET, failed_boots: 3, raised_at: minutesAgo(9) };
    given({});
    waiting = Array.from({ length: 80 }, (_, index) => waits(`job-${index}`, 3600));
    expect(await size(planned())).toEqual({ desired: 1 });
    expect(metrics).toHaveBeenCalledWith('FailedBoots', 'Count', 3);
  });

  test('the watchdog ends a machine after three of the fleet’s own boots', async () => {
    fleet.row = {
      ...NEW_FLEET,
      boots: { 'g4dn.xlarge': 200 },
      machines: { 'i-1': { requested_at: minutesAgo(11) } },
    };
    given({ desired: 1, instances: [{ InstanceType: 'g4dn.xlarge' }] });
    silent('i-1', 9);
    await watch(planned());
    expect(ended()).toEqual([]);
    silent('i-1', 10);
    await watch(planned());
    expect(ended()).toHaveLength(1);
  });

  test('why the group lacks machines is remembered, reported and forgotten', async () => {
    const metrics = jest.spyOn(tools.metrics, 'addMetric');
    const activity = { ...{ ActivityId: '1', AutoScalingGroupName: 'fleet', Cause: '' }, StartTime: NOW };
    autoScaling.on(DescribeScalingActivitiesCommand).resolves({
      Activities: [
        { ...activity, StatusCode: 'Successful', Description: 'Terminating EC2 instance: i-1' },
        { ...activity, StatusCode: 'Failed', Description: 'Launching a new one', StatusMessage: 'No spot' },
      ],
    });
    given({ desired: 2, instances: [{}] });
    await size(planned());
    await size(planned());
    expect(autoScaling.commandCalls(DescribeScalingActivitiesCommand)).toHaveLength(1);
    const shortage = {
      short_since: NOW.getTime(),
      launch_failure: { message: 'No spot', at: NOW.getTime() },
    };
    expect(fleet.row).toMatchObject(shortage);
    expect(metrics).toHaveBeenCalledWith('LaunchesFailing', 'Count', 1);
    given({ desired: 2 });
    metrics.mockClear();
    await size(planned());
    expect(fleet.row).not.toMatchObject(shortage);
    expect(metrics).toHaveBeenCalledWith('LaunchesFailing', 'Count', 0);
  });

  test('a refused question about failed launches keeps no job from its machine', async () => {
    autoScaling.on(DescribeScalingActivitiesCommand).rejects(new Error('throttled'));
    given({ desired: 1, instances: [] });
    waiting = Array.from({ length: 8 }, (_, index) => waits(`job-${index}`, 36_000));
    expect((await size(planned())).desired).toBeGreaterThan(1);
  });

  describe('when AWS announces an interruption', () => {
    const interrupted = (id: string) => sizeFleet({ interrupted: id }, depending(planned()), tools);

    test('another machine is launched at once for the job that waits', async () => {
      given({ desired: 1 });
      alive('i-1', 0, { ready_at: minutesAgo(9) });
      waiting = [waits('a')];
      expect(await size(planned())).toEqual({ desired: 1 });
      expect(await interrupted('i-1')).toEqual({ desired: 2 });
      expect(machines.get('i-1')).toMatchObject({ notice_at: NOW.getTime() });
    });

    test('a machine of another fleet is ignored', async () => {
      given({ desired: 1 });
      waiting = [waits('a')];
      expect(await interrupted('i-9')).toEqual({});
      expect(machines.get('i-9')).toBeUndefined();
      expect(asked()).toEqual([]);
    });
  });
});
