import {
  AutoScalingClient,
  DescribeAutoScalingGroupsCommand,
  SetDesiredCapacityCommand,
} from '@aws-sdk/client-auto-scaling';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { GetQueueAttributesCommand, SQSClient } from '@aws-sdk/client-sqs';
import {
  BatchGetCommand,
  DynamoDBDocumentClient,
  GetCommand,
  PutCommand,
  QueryCommand,
  UpdateCommand,
} from '@aws-sdk/lib-dynamodb';
import { mockClient } from 'aws-sdk-client-mock';
import { FLEET_MACHINES_ROW_ID, FLEET_ROW_ID, machineRowId } from '../../../core/contract/keys';
import { MOST_MACHINES } from '../../../core/contract/limits';
import type { FleetMachinesRow } from '../../../core/contract/machine';
import { FleetStore } from '../../../core/fleet/fleet-store';
import { MANY_JOBS } from '../../../core/fleet/list-scheduling';
import { MachineStore } from '../../../core/fleet/machine-store';
import { WaitingJobs } from '../../../core/fleet/waiting-jobs';
import { FleetGroup } from '../../../lambda/fleet/fleet-group';
import { type Dependencies, sizeFleet } from '../../../lambda/fleet/size-fleet';
import { SizingLock } from '../../../lambda/fleet/sizing-lock';
import { freezeTime, NOW, quietTools } from '../../support/support';

/** Most calls of a sizing besides those for the machines' rows: lock, group, queue, index, fleet. */
const MOST_CALLS = 12;
/** Largest item of DynamoDB in bytes. */
const MOST_BYTES = 400_000;
/** Bytes that DynamoDB reads for one unit. */
const READ_UNIT = 4096;
const PRESENT = MOST_MACHINES - 1;

const table = mockClient(DynamoDBDocumentClient);
const sqs = mockClient(SQSClient);
const autoScaling = mockClient(AutoScalingClient);
let waiting = 0;
/** The sizer's own rows, by id. */
const own = new Map<unknown, Record<string, unknown>>();

const documents = DynamoDBDocumentClient.from(new DynamoDBClient());
const dependencies: Dependencies = {
  sqs: new SQSClient(),
  group: new FleetGroup(new AutoScalingClient(), 'fleet'),
  lock: new SizingLock(documents, 'jobs'),
  machines: new MachineStore(documents, 'jobs'),
  fleet: new FleetStore(documents, 'jobs'),
  waiting: new WaitingJobs(documents, 'jobs'),
  queueUrl: 'http://localhost:1/queue',
  bulkQueueUrl: 'http://localhost:1/bulk',
  requests: { find: async () => undefined },
  ...{ maxMachines: MOST_MACHINES, mode: 'standard', unit: 'audio_second' },
  idle: { kind: 'queue' },
  warm: { machines: 0 },
};
const size = () => sizeFleet({}, dependencies, quietTools());

const instanceId = (at: number) => `i-0${at.toString(16).padStart(16, '0')}`;
const now = () => NOW.getTime();
const idle = (id: unknown) => ({
  ...{ id, heartbeat_at: now() - 20_000, ready_at: now() - 600_000, idle_seconds: 0, expires_at: 0 },
  ...{ busy_until: now() + 9_000_000 },
});

beforeEach(() => {
  freezeTime();
  own.clear();
  for (const client of [table, sqs, autoScaling]) client.reset();
  table.on(UpdateCommand).resolves({ Attributes: {} });
  table.on(GetCommand).callsFake(async ({ Key }: GetCommand['input']) => ({ Item: own.get(Key?.id) }));
  table.on(PutCommand).callsFake(async ({ Item = {} }: PutCommand['input']) => {
    own.set(Item.id, Item);
    return {};
  });
  table.on(QueryCommand).callsFake(async ({ Limit }: { Limit: number }) => ({
    Items: Array.from({ length: Math.min(Limit, waiting) }, (_, at) => ({
      ...{ id: `job-${at}`, waits_from: now(), estimate: { audio_second: 360_000 } },
    })),
  }));
  table.on(BatchGetCommand).callsFake(async ({ RequestItems }: BatchGetCommand['input']) => ({
    Responses: { jobs: (RequestItems?.jobs?.Keys ?? []).map(({ id }) => idle(id)) },
  }));
  sqs.on(GetQueueAttributesCommand).callsFake(async () => ({
    Attributes: { ApproximateNumberOfMessages: String(waiting) },
  }));
  autoScaling.on(SetDesiredCapacityCommand).resolves({});
  autoScaling.on(DescribeAutoScalingGroupsCommand).resolves({
    AutoScalingGroups: [
      {
        AutoScalingGroupName: 'fleet',
        ...{ MinSize: 0, MaxSize: MOST_MACHINES, DesiredCapacity: PRESENT, DefaultCooldown: 0 },
        ...{ AvailabilityZones: [], HealthCheckType: 'EC2', CreatedTime: NOW },
        SuspendedProcesses: [{ ProcessName: 'AZRebalance' }],
        Instances: Array.from({ length: PRESENT }, (_, at) => ({
          ...{ InstanceId: instanceId(at), InstanceType: 'g4dn.12xlarge', LifecycleState: 'InService' },
          ...{ AvailabilityZone: 'a', HealthStatus: 'Healthy', ProtectedFromScaleIn: false },
        })),
      },
    ],
  });
});
afterEach(() => jest.useRealTimers());

const calls = () => table.calls().length + sqs.calls().length + autoScaling.calls().length;
const reads = () => table.commandCalls(BatchGetCommand).length;

test('a sizing for 10,000 jobs reads the rows of 5,000 machines once a minute, not each time', async () => {
  waiting = 10_000;
  expect(await size()).toEqual({ desired: MOST_MACHINES });
  expect(reads()).toBe(50);
  expect(calls() - reads()).toBeLessThanOrEqual(MOST_CALLS);
  for (const client of [table, sqs, autoScaling]) client.resetHistory();
  jest.setSystemTime(now() + 59_000);
  expect(await size()).toEqual({ desired: MOST_MACHINES });
  expect(reads()).toBe(0);
  expect(calls()).toBeLessThanOrEqual(MOST_CALLS);
  jest.setSystemTime(now() + 60_000);
  await size();
  expect(reads()).toBe(50);
});

test('a short queue is planned onto the machines by their rows', async () => {
  waiting = MANY_JOBS;
  await size();
  await size();
  expect(reads()).toBe(100);
});

test.each(['ready', 'booting'])(
  'the row of 5,000 %s machines fits into the table, and the one that workers read is one unit',
  async (state) => {
    if (state === 'booting') table.on(BatchGetCommand).resolves({ Responses: {} });
    waiting = 1;
    await size();
    const machines = own.get(FLEET_MACHINES_ROW_ID) as FleetMachinesRow;
    expect(Object.keys(machines.machines)).toHaveLength(PRESENT);
    expect(bytes(machines)).toBeLessThan(MOST_BYTES);
    expect(bytes(own.get(FLEET_ROW_ID))).toBeLessThan(READ_UNIT);
  },
);

test('rows that DynamoDB leaves out at first are read again', async () => {
  const ids = ['i-1', 'i-2'];
  const key = (id: string) => ({ id: machineRowId(id) });
  table
    .on(BatchGetCommand)
    .resolvesOnce({
      Responses: { jobs: [idle(machineRowId('i-1'))] },
      UnprocessedKeys: { jobs: { Keys: [key('i-2')] } },
    })
    .resolves({ Responses: { jobs: [idle(machineRowId('i-2'))] } });
  jest.useRealTimers();
  expect([...(await dependencies.machines.find(ids)).keys()]).toEqual(ids);
});

/** Size of a value as DynamoDB counts it: names and texts in UTF-8, a byte for two digits, three for a map. */
function bytes(value: unknown): number {
  if (typeof value === 'string') return Buffer.byteLength(value);
  if (typeof value === 'number') return Math.ceil(String(value).length / 2) + 2;
  if (Array.isArray(value)) return 3 + value.reduce((sum: number, each) => sum + 1 + bytes(each), 0);
  if (typeof value !== 'object' || value === null) return 1;
  return Object.entries(value).reduce(
    (sum, [name, each]) => sum + Buffer.byteLength(name) + 1 + bytes(each),
    3,
  );
}
