import {
  AutoScalingClient,
  DescribeAutoScalingGroupsCommand,
  DescribeScalingActivitiesCommand,
  SetDesiredCapacityCommand,
  UpdateAutoScalingGroupCommand,
} from '@aws-sdk/client-auto-scaling';
import { GetQueueAttributesCommand, SQSClient } from '@aws-sdk/client-sqs';
import { mockClient } from 'aws-sdk-client-mock';
import type { FleetRow } from '../../../core/contract/machine';
import { NEW_FLEET } from '../../../core/fleet/learning';
import { FleetGroup } from '../../../lambda/fleet/fleet-group';
import { type Dependencies, sizeFleet } from '../../../lambda/fleet/size-fleet';
import { MemoryMachines } from '../../support/memory-machines';
import { freezeTime, NOW, quietTools } from '../../support/support';

const MINUTE = 60_000;
const autoScaling = mockClient(AutoScalingClient);
const sqs = mockClient(SQSClient);
const group = (name: string) => new FleetGroup(new AutoScalingClient(), name);
let machines: MemoryMachines;
let row: FleetRow;
const size = () =>
  sizeFleet(
    {},
    {
      ...{ sqs: new SQSClient(), queueUrl: 'http://localhost:1/queue', machines },
      ...{ bulkQueueUrl: 'http://localhost:1/bulk', requests: { find: async () => undefined } },
      group: group('spot'),
      onDemand: { group: group('on-demand'), afterMs: 10 * MINUTE, most: 1 },
      lock: { exclusive: (run) => run() },
      fleet: { read: async () => row, write: async (next) => void (row = next) },
      waiting: { find: async () => [{ id: 'job', waits_from: NOW.getTime() }] },
      ...{ maxMachines: 4, mode: 'standard', unit: 'audio_second' },
      ...{ idle: { kind: 'queue' }, warm: { machines: 0 } },
    } satisfies Dependencies,
    quietTools(),
  );
const raised = () => autoScaling.commandCalls(SetDesiredCapacityCommand).map(({ args }) => args[0].input);

function given(AutoScalingGroupName: string, DesiredCapacity: number, ids: string[], MaxSize: number) {
  autoScaling
    .on(DescribeAutoScalingGroupsCommand, { AutoScalingGroupNames: [AutoScalingGroupName] })
    .resolves({
      AutoScalingGroups: [
        {
          ...{ AutoScalingGroupName, DesiredCapacity, MinSize: 0, MaxSize, DefaultCooldown: 0 },
          ...{ AvailabilityZones: [], HealthCheckType: 'EC2', CreatedTime: NOW },
          SuspendedProcesses: [{ ProcessName: 'AZRebalance' }],
          Instances: ids.map((InstanceId) => ({
            ...{ InstanceId, LifecycleState: 'InService', AvailabilityZone: 'a' },
            ...{ HealthStatus: 'Healthy', ProtectedFromScaleIn: false },
          })),
        },
      ],
    });
}

beforeEach(() => {
  freezeTime();
  machines = new MemoryMachines();
  row = NEW_FLEET;
  autoScaling.reset();
  sqs.reset();
  sqs.on(GetQueueAttributesCommand).resolves({ Attributes: { ApproximateNumberOfMessages: '1' } });
  autoScaling.on(DescribeScalingActivitiesCommand).resolves({ Activities: [] });
  autoScaling.on(SetDesiredCapacityCommand).resolves({});
  autoScaling.on(UpdateAutoScalingGroupCommand).resolves({});
});
afterEach(() => jest.useRealTimers());

test('an on-demand machine is launched after ten minutes without the spot machine, and limits its group', async () => {
  given('spot', 1, [], 4);
  given('on-demand', 0, [], 5_000);
  await size();
  jest.setSystemTime(NOW.getTime() + 10 * MINUTE - 1);
  await size();
  expect(raised()).toEqual([]);
  jest.setSystemTime(NOW.getTime() + 10 * MINUTE);
  expect(await size()).toEqual({ desired: 1 });
  expect(raised()).toMatchObject([{ AutoScalingGroupName: 'on-demand', DesiredCapacity: 1 }]);
  expect(autoScaling.commandCalls(UpdateAutoScalingGroupCommand)[0]!.args[0].input).toEqual({
    ...{ AutoScalingGroupName: 'on-demand', MinSize: 0, MaxSize: 1 },
  });
});

test('an on-demand machine counts as a machine of the fleet', async () => {
  given('spot', 0, [], 4);
  given('on-demand', 1, ['i-2'], 1);
  expect(await size()).toEqual({ desired: 1 });
  expect(raised()).toEqual([]);
});

test('a drained on-demand machine is replaced by a spot machine', async () => {
  const ready = { heartbeat_at: NOW.getTime(), ready_at: NOW.getTime() - MINUTE };
  machines.put('i-1', { ...ready, busy_until: NOW.getTime() + 99 * MINUTE });
  machines.put('i-2', ready);
  given('spot', 1, ['i-1'], 4);
  given('on-demand', 1, ['i-2'], 1);
  expect(await size()).toEqual({ desired: 2 });
  expect(machines.get('i-2')?.drain_at).toBe(NOW.getTime());
  expect(await size()).toEqual({ desired: 3 });
  expect(raised()).toMatchObject([{ AutoScalingGroupName: 'spot', DesiredCapacity: 2 }]);
});
