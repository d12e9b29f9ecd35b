import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  AutoScalingClient,
  type AutoScalingGroup,
  DescribeAutoScalingGroupsCommand,
} from '@aws-sdk/client-auto-scaling';
import {
  CloudFormationClient,
  CreateStackCommand,
  DescribeStackEventsCommand,
  DescribeStacksCommand,
} from '@aws-sdk/client-cloudformation';
import { OUTPUT } from '../../../core/contract/environment';
import { type LocalAws, startLocalAws } from '../../../local';
import { clientConfiguration } from '../../../local/emulator';
import { setSpotCapacity } from '../../../local/spot-capacity';
import { until } from '../laptop';

jest.setTimeout(900_000);

describe('without spot capacity', () => {
  let folder: string;
  let aws: LocalAws;
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'no-capacity-'));
    setSpotCapacity(folder, false);
    aws = await startLocalAws({
      stateDir: folder,
      path: 'FastApi',
      machines: false,
      settings: { warmMachines: '1' },
    });
  });
  afterAll(async () => {
    await aws?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  const group = async (): Promise<AutoScalingGroup | undefined> => {
    const { AutoScalingGroups = [] } = await new AutoScalingClient(clientConfiguration(aws.endpoint)).send(
      new DescribeAutoScalingGroupsCommand({ AutoScalingGroupNames: [aws.outputs[OUTPUT.fleetName] ?? ''] }),
    );
    return AutoScalingGroups[0];
  };

  test('a path with warm machines is deployed all the same, and has them once there is capacity', async () => {
    // The schedule runs within a minute.
    const kept = await until('the machine to be asked for', 150, async () => {
      const found = await group();
      // The sizer suspends zone rebalancing last.
      return found?.DesiredCapacity === 1 && found.SuspendedProcesses?.length ? found : undefined;
    });
    expect(kept).toMatchObject({ MinSize: 1, MaxSize: 4 });
    expect(kept.Instances ?? []).toEqual([]);
    expect(kept.SuspendedProcesses).toMatchObject([{ ProcessName: 'AZRebalance' }]);
    setSpotCapacity(folder, true);
    expect((await group())?.Instances).toHaveLength(1);
  });

  /** The end of a stack with nothing but a group. */
  const deployed = async (StackName: string, MinSize: string) => {
    const client = new CloudFormationClient(clientConfiguration(aws.endpoint));
    const Group = {
      Type: 'AWS::AutoScaling::AutoScalingGroup',
      Properties: { MinSize, MaxSize: '4', AvailabilityZones: ['us-east-1a'] },
    };
    await client.send(
      new CreateStackCommand({ StackName, TemplateBody: JSON.stringify({ Resources: { Group } }) }),
    );
    for (;;) {
      const { Stacks = [] } = await client.send(new DescribeStacksCommand({ StackName }));
      const status = Stacks[0]?.StackStatus ?? '';
      if (!status.endsWith('IN_PROGRESS')) {
        const { StackEvents = [] } = await client.send(new DescribeStackEventsCommand({ StackName }));
        const failed = StackEvents.find(({ ResourceStatus }) => ResourceStatus === 'CREATE_FAILED');
        return { status, reason: failed?.ResourceStatusReason };
      }
      await sleep(100);
    }
  };

  test('a group with a minimum fails its deployment, as on AWS', async () => {
    setSpotCapacity(folder, false);
    expect(await deployed('Minimum', '1')).toEqual({
      status: 'ROLLBACK_COMPLETE',
      reason: expect.stringMatching(/Group did not stabilize.*size: 0\/1\/4.*UnfulfillableCapacity/),
    });
    expect(await deployed('NoMinimum', '0')).toEqual({ status: 'CREATE_COMPLETE', reason: undefined });
    setSpotCapacity(folder, true);
    expect(await deployed('Capacity', '1')).toEqual({ status: 'CREATE_COMPLETE', reason: undefined });
  });
});
