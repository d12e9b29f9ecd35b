import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { CloudFormationClient, DescribeStacksCommand } from '@aws-sdk/client-cloudformation';
import { DescribeTaskDefinitionCommand, ECSClient } from '@aws-sdk/client-ecs';
import { ListBucketsCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { GetQueueAttributesCommand } from '@aws-sdk/client-sqs';
import { OUTPUT } from '../../core/contract/environment';
import { stackOutputs } from '../../local/deploy';
import { clientConfiguration } from '../../local/emulator';
import { sample } from './audio';
import { Laptop, root, spotscribe } from './laptop';

const run = promisify(execFile);

describe('the CDK’s own command line, against the laptop’s AWS', () => {
  let laptop: Laptop;
  let output: string;
  let exported: Record<string, string>;
  beforeAll(async () => {
    laptop = await Laptop.start();
    const { stdout } = await spotscribe(['local', 'status', '--state-dir', laptop.stateDir], {});
    const lines = [...stdout.matchAll(/^export (\w+)='(.*)'$/gm)];
    exported = Object.fromEntries(lines.map(([, name = '', value = '']) => [name, value]));
    output = mkdtempSync(join(tmpdir(), 'spotscribe-cdk-'));
  });
  afterAll(async () => {
    await laptop?.stop();
    rmSync(output, { recursive: true });
  });

  /** Runs the CDK in the environment that `spotscribe local` tells its user to set. */
  const cdk = async (command: string[], settings: Record<string, string> = {}) => {
    const context = Object.entries(settings).flatMap(([name, value]) => [
      '-c',
      `spotscribe:${name}=${value}`,
    ]);
    const { PATH = '', HOME = '' } = process.env;
    const { stdout, stderr } = await run(
      process.execPath,
      [
        join(root, 'node_modules/aws-cdk/bin/cdk'),
        ...command,
        ...context,
        '--no-notices',
        '--no-color',
        '-o',
        output,
      ],
      {
        cwd: root,
        env: { PATH, HOME, ...exported },
        maxBuffer: 2 ** 26,
      },
    );
    return stdout + stderr;
  };

  const deploy = (settings?: Record<string, string>) =>
    cdk(['deploy', 'Spotscribe-DockerGpu', '--require-approval', 'never', '--progress', 'events'], settings);

  const stacks = async () => {
    const client = new CloudFormationClient(clientConfiguration(laptop.env.AWS_ENDPOINT_URL ?? ''));
    const { Stacks = [] } = await client.send(new DescribeStacksCommand({}));
    return Stacks.filter(({ StackStatus = '' }) => !StackStatus.startsWith('DELETE')).map(
      ({ StackName = '' }) => StackName,
    );
  };

  test('lists both stacks', async () => {
    expect((await cdk(['list'])).split('\n')).toEqual(
      expect.arrayContaining(['Spotscribe-Foundation', 'Spotscribe-DockerGpu']),
    );
  });

  test('deploys again without a change', async () => {
    const text = await deploy();
    expect(text).toContain('Spotscribe-Foundation (no changes)');
    expect(text).toContain('Spotscribe-DockerGpu (no changes)');
  });

  test('finds no difference', async () => {
    expect(await cdk(['diff'])).toContain('Number of stacks with differences: 0');
  });

  test('updates a changed setting in place', async () => {
    const settings = { maxMachines: '3' };
    expect(await cdk(['diff'], settings)).toContain('Number of stacks with differences: 1');
    const url = laptop.outputs[OUTPUT.queueUrl] ?? '';
    await deploy(settings);
    await laptop.invoke('SizeFleet');
    expect(await laptop.largestFleet()).toBe(3);
    // Replaced resources would have other names.
    expect(await stackOutputs(laptop.env.AWS_ENDPOINT_URL ?? '', 'Spotscribe-DockerGpu')).toEqual(
      laptop.outputs,
    );
    // And what was there before is made of the same as before.
    const { Attributes } = await laptop.sqs.send(
      new GetQueueAttributesCommand({ QueueUrl: url, AttributeNames: ['RedrivePolicy'] }),
    );
    expect(JSON.parse(Attributes?.RedrivePolicy ?? '{}')).toMatchObject({
      deadLetterTargetArn: expect.anything(),
    });
  });

  test('works on after the update', async () => {
    const id = await laptop.submit(sample());
    expect(await laptop.ended(id)).toMatchObject({ status: 'succeeded' });
  });

  const both = { paths: 'DockerGpu,Hybrid' };

  test('deploys another path beside the first, with all that its containers are told', async () => {
    expect(await cdk(['list'], both)).toContain('Spotscribe-Hybrid');
    await cdk(['deploy', 'Spotscribe-Hybrid', '--require-approval', 'never', '--progress', 'events'], both);
    const endpoint = laptop.env.AWS_ENDPOINT_URL ?? '';
    const outputs = await stackOutputs(endpoint, 'Spotscribe-Hybrid');
    const { taskDefinition } = await new ECSClient(clientConfiguration(endpoint)).send(
      new DescribeTaskDefinitionCommand({ taskDefinition: outputs[OUTPUT.taskDefinition] }),
    );
    const policy = { enabled: true, restartAttemptPeriod: 60 };
    expect(taskDefinition?.containerDefinitions).toMatchObject([
      { name: 'models', essential: false },
      { name: 'whisper', essential: true, restartPolicy: policy },
      { name: 'voxtral', essential: false, restartPolicy: policy },
      { name: 'worker', essential: true, links: ['whisper', 'voxtral'] },
    ]);
  });

  test('destroys everything, buckets with objects in them too', async () => {
    const Bucket = laptop.outputs[OUTPUT.mediaBucket];
    await laptop.s3.send(new PutObjectCommand({ Bucket, Key: 'inbox/left behind', Body: 'x' }));
    await cdk(['destroy', '--all', '--force'], both);
    expect((await stacks()).filter((name) => name.startsWith('Spotscribe-'))).toEqual([]);
    const { Buckets = [] } = await laptop.s3.send(new ListBucketsCommand({}));
    expect(Buckets.map(({ Name }) => Name).filter((name) => name?.startsWith('spotscribe-'))).toEqual([]);
  });
});
