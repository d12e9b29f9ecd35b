import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AutoScalingClient, DescribeAutoScalingGroupsCommand } from '@aws-sdk/client-auto-scaling';
import {
  CloudFormationClient,
  CreateStackCommand,
  DeleteStackCommand,
  DescribeStackEventsCommand,
  DescribeStacksCommand,
  UpdateStackCommand,
} from '@aws-sdk/client-cloudformation';
import {
  DescribeLoadBalancersCommand,
  ElasticLoadBalancingV2Client,
} from '@aws-sdk/client-elastic-load-balancing-v2';
import { OUTPUT } from '../../core/contract/environment';
import { cdk, deployPath, type Deployment, stackOutputs } from '../../local/deploy';
import { clientConfiguration, REGION, startEmulator } from '../../local/emulator';
import { pythonEnvironment } from '../../local/installation';
import { freePort } from '../../local/ports';
import type { ManagedProcess } from '../../local/processes';
import exported from '../fixtures/foundation-exports.json';
import { until } from './laptop';

jest.setTimeout(600_000);

const FOUNDATION = 'Spotscribe-Foundation';

describe('a foundation in a region with two zones, and the stacks that stand on it', () => {
  let emulator: ManagedProcess;
  let deployment: Deployment;
  let cloudFormation: CloudFormationClient;

  beforeAll(async () => {
    const stateDir = mkdtempSync(join(tmpdir(), 'spotscribe-foundation-'));
    const python = await pythonEnvironment('emulator', 'local/emulator/requirements.txt', () => undefined);
    const port = await freePort();
    emulator = await startEmulator(python, port, stateDir, 'ac');
    const endpoint = `http://127.0.0.1:${port}`;
    const settings = {
      engine: 'faster-whisper',
      voxtralEngine: 'extractive',
      onDestroy: 'delete',
      paths: 'FastApi,DockerGpu',
    };
    deployment = { endpoint, stateDir, settings, onProgress: () => undefined };
    cloudFormation = new CloudFormationClient(clientConfiguration(endpoint));
  });
  afterAll(async () => {
    await emulator?.stop(5);
    rmSync(deployment.stateDir, { recursive: true, force: true });
  });

  /** Deploys one stack of an app that has no other path: a load balancer would refuse a single zone. */
  const deploy = (path: string, settings: Record<string, string>) =>
    cdk(
      { ...deployment, settings: { ...deployment.settings, paths: path, ...settings } },
      ...['deploy', `Spotscribe-${path}`, '--require-approval', 'never', '--progress', 'events'],
    );

  const subnets = async (path: string): Promise<string[]> => {
    const { [OUTPUT.fleetName]: name = '' } = await stackOutputs(deployment.endpoint, `Spotscribe-${path}`);
    const { AutoScalingGroups: [group] = [] } = await new AutoScalingClient(
      clientConfiguration(deployment.endpoint),
    ).send(new DescribeAutoScalingGroupsCommand({ AutoScalingGroupNames: [name] }));
    return (group?.VPCZoneIdentifier ?? '').split(',');
  };

  const status = async (name: string) => {
    const { Stacks: [stack] = [] } = await cloudFormation.send(
      new DescribeStacksCommand({ StackName: name }),
    );
    return stack?.StackStatus ?? '';
  };
  const settled = (name: string) =>
    until(`${name} to settle`, 60, async () => {
      const now = await status(name);
      return now.endsWith('IN_PROGRESS') ? undefined : now;
    });
  const reasons = async (name: string) => {
    const { StackEvents = [] } = await cloudFormation.send(
      new DescribeStackEventsCommand({ StackName: name }),
    );
    return StackEvents.map(({ ResourceStatusReason = '' }) => ResourceStatusReason);
  };

  // The second one has no Lambda, and the laptop's AWS refuses functions there.
  test('is deployed by default, and its load balancer and machines are in both zones', async () => {
    await deployPath(deployment, 'FastApi');
    expect(await subnets('FastApi')).toHaveLength(2);
    const { LoadBalancers: [balancer] = [] } = await new ElasticLoadBalancingV2Client(
      clientConfiguration(deployment.endpoint),
    ).send(new DescribeLoadBalancersCommand({}));
    expect(balancer?.AvailabilityZones?.map(({ SubnetId }) => SubnetId)).toEqual(await subnets('FastApi'));
  });

  test('gives another path fewer zones by name, and takes none from the first one', async () => {
    const before = await subnets('FastApi');
    await deploy('DockerGpu', { availabilityZones: `${REGION}c` });
    expect(await subnets('DockerGpu')).toEqual([before[1]]);
    await deploy('FastApi', { availabilityZones: '2' });
    expect(await subnets('FastApi')).toEqual(before);
  });

  test('says which zone is not there, before anything is changed', async () => {
    await expect(deploy('DockerGpu', { availabilityZones: `${REGION}b` })).rejects.toThrow(
      `names a zone that is not available to this account in this region: ${REGION}b`,
    );
  });

  test('keeps every export that a path of the version before imports, whatever is set', async () => {
    const Outputs = Object.fromEntries(
      exported.map((name, index) => [`Value${index}`, { Value: { 'Fn::ImportValue': name } }]),
    );
    const Topic = { Type: 'AWS::SNS::Topic' };
    await cloudFormation.send(
      new CreateStackCommand({
        StackName: 'Before',
        TemplateBody: JSON.stringify({ Resources: { Topic }, Outputs }),
      }),
    );
    expect(await settled('Before')).toBe('CREATE_COMPLETE');
    await deploy('Foundation', {
      paths: 'DockerGpu',
      availabilityZones: '1',
      fillModels: 'manual',
      onDestroy: 'keep',
    });
    await cloudFormation.send(new DeleteStackCommand({ StackName: 'Before' }));
    expect(await settled('Before').catch(() => 'DELETE_COMPLETE')).toBe('DELETE_COMPLETE');
  });

  test('cannot be deleted while a path stands on it', async () => {
    await expect(cloudFormation.send(new DeleteStackCommand({ StackName: FOUNDATION }))).rejects.toThrow(
      `Export ${FOUNDATION}:InUse cannot be deleted as it is in use by Spotscribe-FastApi`,
    );
    expect(await status(FOUNDATION)).toBe('UPDATE_COMPLETE');
  });

  describe('an export that another stack imports', () => {
    const exporting = (exports: Record<string, string>) =>
      JSON.stringify({
        Resources: { Topic: { Type: 'AWS::SNS::Topic' } },
        Outputs: Object.fromEntries(
          Object.entries(exports).map(([name, Value]) => [name, { Value, Export: { Name: `Test:${name}` } }]),
        ),
      });
    beforeAll(async () => {
      const Outputs = { In: { Value: { 'Fn::ImportValue': 'Test:Used' } } };
      for (const [StackName, TemplateBody] of [
        ['Exporting', exporting({ Used: 'one', Unused: 'one' })],
        ['Importing', JSON.stringify({ Resources: { Topic: { Type: 'AWS::SNS::Topic' } }, Outputs })],
      ] as const) {
        await cloudFormation.send(new CreateStackCommand({ StackName, TemplateBody }));
        expect(await settled(StackName)).toBe('CREATE_COMPLETE');
      }
    });

    const update = async (exports: Record<string, string>) => {
      const TemplateBody = exporting(exports);
      await cloudFormation.send(new UpdateStackCommand({ StackName: 'Exporting', TemplateBody }));
      return settled('Exporting');
    };

    test.each([
      ['deleted', { Unused: 'one' }],
      ['updated', { Used: 'two', Unused: 'one' }],
    ])('cannot be %s', async (change, exports) => {
      expect(await update(exports)).toBe('UPDATE_ROLLBACK_COMPLETE');
      expect(await reasons('Exporting')).toContain(
        `Export Test:Used cannot be ${change} as it is in use by Importing`,
      );
    });

    test('may be, once nobody imports it; others may be at any time', async () => {
      expect(await update({ Used: 'one' })).toBe('UPDATE_COMPLETE');
      await cloudFormation.send(new DeleteStackCommand({ StackName: 'Importing' }));
      await settled('Importing').catch(() => undefined);
      expect(await update({ Unused: 'two' })).toBe('UPDATE_COMPLETE');
    });
  });

  test('goes after its paths', async () => {
    await cdk(deployment, 'destroy', '--all', '--force');
    expect(await settled(FOUNDATION).catch(() => 'DELETE_COMPLETE')).toBe('DELETE_COMPLETE');
  });
});
