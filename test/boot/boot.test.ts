import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  AutoScalingClient,
  DescribeAutoScalingGroupsCommand,
  SetDesiredCapacityCommand,
} from '@aws-sdk/client-auto-scaling';
import { CloudWatchLogsClient, GetLogEventsCommand } from '@aws-sdk/client-cloudwatch-logs';
import {
  DescribeLaunchTemplatesCommand,
  DescribeLaunchTemplateVersionsCommand,
  EC2Client,
} from '@aws-sdk/client-ec2';
import { GetParameterCommand, PutParameterCommand, SSMClient } from '@aws-sdk/client-ssm';
import { OUTPUT } from '../../core/contract/environment';
import { MachineSpec } from '../../core/contract/machine-spec';
import { type LocalAws, startLocalAws } from '../../local';
import { clientConfiguration } from '../../local/emulator';
import { repeated, sample, sampleWords, words } from '../e2e/audio';
import { Laptop, spotscribe, until } from '../e2e/laptop';
import { Machine } from './machine';

jest.setTimeout(15 * 60_000);

const STACK = 'Spotscribe-Traditional';
/** Long enough to be interrupted in the middle. */
const LONG_REPEATS = 18;
const PROCESSES = ['models', 'whisper', 'worker'];
/** Addresses that only processes with credentials reach: EC2's metadata, and any other machine. */
const TOKEN =
  'import urllib.request as r; print(r.urlopen(r.Request("http://169.254.169.254/latest/api/token", method="PUT", ' +
  'headers={"x-aws-ec2-metadata-token-ttl-seconds": "60"}), timeout=5).status)';

let aws: LocalAws;
let stateDir: string;
let laptop: Laptop;
let machine: Machine;
let instance: string;

beforeAll(async () => {
  stateDir = mkdtempSync(join(tmpdir(), 'spotscribe-boot-aws-'));
  aws = await startLocalAws({
    ...{ stateDir, path: 'Traditional', machines: false },
    // Machines do not end themselves between two tests. The images become file systems as on a user's machine.
    settings: { images: 'local', idleMinutes: '60' },
  });
  const { stdout } = await spotscribe(['keys', 'create', '--stack', STACK, '--json'], aws.env);
  aws.rememberKey((JSON.parse(stdout) as { key: string }).key);
  laptop = new Laptop(stateDir);
  instance = await newInstance();
  machine = await Machine.boot({
    port: Number(new URL(aws.endpoint).port),
    userData: await userData(),
    metadata: {
      'instance-id': instance,
      'instance-type': 'g4dn.xlarge',
      'instance-life-cycle': 'spot',
      'placement/availability-zone': 'us-east-1a',
    },
  });
});

afterAll(async () => {
  await machine?.remove();
  await aws?.stop();
  rmSync(stateDir, { recursive: true, force: true });
});

const client = () => clientConfiguration(aws.endpoint);
const group = { AutoScalingGroupName: '' };

/** The instances of the fleet. */
async function instances(): Promise<string[]> {
  const names = [aws.outputs[OUTPUT.fleetName] ?? ''];
  const { AutoScalingGroups = [] } = await new AutoScalingClient(client()).send(
    new DescribeAutoScalingGroupsCommand({ AutoScalingGroupNames: names }),
  );
  return (AutoScalingGroups[0]?.Instances ?? []).map(({ InstanceId = '' }) => InstanceId);
}

async function newInstance(): Promise<string> {
  group.AutoScalingGroupName = aws.outputs[OUTPUT.fleetName] ?? '';
  await new AutoScalingClient(client()).send(new SetDesiredCapacityCommand({ ...group, DesiredCapacity: 1 }));
  return until('an instance', 10, async () => (await instances())[0]);
}

/** The script of the launch template, as EC2 gives it to a machine. */
async function userData(): Promise<string> {
  const ec2 = new EC2Client(client());
  const { LaunchTemplates = [] } = await ec2.send(new DescribeLaunchTemplatesCommand({}));
  const { LaunchTemplateVersions = [] } = await ec2.send(
    new DescribeLaunchTemplateVersionsCommand({ LaunchTemplateId: LaunchTemplates[0]?.LaunchTemplateId }),
  );
  const { UserData = '' } = LaunchTemplateVersions[0]?.LaunchTemplateData ?? {};
  return Buffer.from(UserData, 'base64').toString();
}

/** Lines of a stream in CloudWatch. */
async function logged(stream: string): Promise<string[]> {
  const { events = [] } = await new CloudWatchLogsClient(client()).send(
    new GetLogEventsCommand({
      logGroupName: aws.outputs[OUTPUT.logGroup],
      logStreamName: stream,
      limit: 10_000,
    }),
  );
  return events.map(({ message = '' }) => message);
}

/** Waits until the worker of the machine is ready. Fails as soon as the boot has failed. */
const ready = () =>
  until('the worker to be ready', 120, async () => {
    const state = await machine.state('spotscribe');
    if (state === 'failed') throw new Error(await machine.journal());
    return state === 'active' ? state : undefined;
  });

/** Changes the specification of the machines, as a deployment does. */
async function respecify(change: (spec: MachineSpec) => MachineSpec): Promise<MachineSpec> {
  const ssm = new SSMClient(client());
  const Name = aws.outputs[OUTPUT.machine];
  const { Parameter } = await ssm.send(new GetParameterCommand({ Name }));
  const spec = MachineSpec.parse(JSON.parse(Parameter?.Value ?? ''));
  await ssm.send(new PutParameterCommand({ Name, Value: JSON.stringify(change(spec)), Overwrite: true }));
  return spec;
}

test('a machine boots from its user data, and signals that the worker is ready', async () => {
  await ready();
  const steps = (await machine.journal('--identifier=spotscribe')).match(/step=\S+ seconds=\d+/g);
  console.log(steps?.join('\n'));
  expect(steps?.map((step) => /step=(\w+)/.exec(step)?.[1])).toEqual([
    'kernel',
    'disk',
    'files',
    'started',
    'ready',
  ]);
  expect(await machine.run('findmnt', '--noheadings', '--output=FSTYPE,OPTIONS', '/mnt/nvme')).toMatch(
    /^ext4 .*nosuid,nodev/,
  );
  // A machine that formatted the disk of the AMI would have failed.
  expect(await machine.run('findmnt', '--noheadings', '--output=SOURCE', '/mnt/nvme')).toBe(
    await machine.run('findmnt', '--noheadings', '--output=SOURCE', '/opt/dlami/nvme'),
  );
  expect(await machine.journal('--identifier=spotscribe')).toContain('GPU 0: Tesla T4');
  for (const name of PROCESSES) expect(await machine.state(`spotscribe-${name}`)).toBe('active');
});

test('it transcribes a job, with the credentials of its role', async () => {
  const id = await laptop.submit(sample(), 'sample.flac');
  expect(await laptop.ended(id)).toMatchObject({ status: 'succeeded' });
  expect(words((await laptop.transcript(id)).text)).toEqual(sampleWords());
});

test('what the processes log is in CloudWatch, without what was said', async () => {
  const worker = await until('the log of the worker', 20, async () => {
    const lines = await logged(`worker/${instance}`).catch(() => []);
    return lines.some((line) => line.includes('"succeeded"')) ? lines : undefined;
  });
  expect(worker.join('\n')).not.toContain(sampleWords().slice(0, 4).join(' '));
  expect((await logged(`boot/${instance}`)).join('\n')).toContain('step=ready');
});

describe('a process', () => {
  test('has a user of its own and no rights', async () => {
    const users = await Promise.all(
      ['whisper', 'worker'].map(async (name) => {
        const pid = await machine.run(
          'systemctl',
          'show',
          '--property=MainPID',
          '--value',
          `spotscribe-${name}`,
        );
        const status = await machine.run('cat', `/proc/${pid}/status`);
        expect(status).toMatch(/^NoNewPrivs:\s1$/m);
        expect(status).toMatch(/^CapBnd:\s0+$/m);
        return /^Uid:\s(\d+)/m.exec(status)?.[1];
      }),
    );
    expect(new Set(users).size).toBe(2);
    expect(users).not.toContain('0');
  });

  test('reads neither the files nor the memory of another', async () => {
    const worker = await machine.run(
      'systemctl',
      'show',
      '--property=MainPID',
      '--value',
      'spotscribe-worker',
    );
    for (const file of [`/proc/${worker}/environ`, '/mnt/nvme/machine.json', '/machine.json', '/etc/shadow'])
      await expect(machine.runAs('whisper', 'cat', file)).rejects.toThrow(/Permission denied|No such file/);
    // The work of the service itself: a job's audio is read, and not written.
    await expect(machine.runAs('whisper', 'ls', '/shared-audio')).resolves.toBeDefined();
    for (const folder of ['/shared-audio', '/opt', '/models'])
      await expect(machine.runAs('whisper', 'touch', `${folder}/x`)).rejects.toThrow(
        /Permission denied|Read-only/,
      );
    // Nor does the worker read what the service writes down for itself.
    await machine.runAs('whisper', 'touch', '/scratch/mine');
    await expect(machine.runAs('worker', 'ls', '/scratch')).rejects.toThrow('No such file');
  });

  test('that calls no AWS reaches neither the credentials of the role nor the network', async () => {
    expect(await machine.runAs('worker', 'python3', '-c', TOKEN)).toBe('200');
    await expect(machine.runAs('whisper', 'python3', '-c', TOKEN)).rejects.toThrow(/refused|reset|rejected/i);
    const pid = await machine.run('systemctl', 'show', '--property=MainPID', '--value', 'spotscribe-whisper');
    const variables = (await machine.run('cat', `/proc/${pid}/environ`)).split('\0');
    expect(variables.filter((variable) => /^AWS_.*(KEY|TOKEN|CREDENTIALS)/.test(variable))).toEqual([]);
  });
});

test('at SIGTERM the worker returns its job, and a restarted machine completes it', async () => {
  const id = await laptop.submit(repeated(LONG_REPEATS), 'long.flac');
  await until('the job to run', 60, async () =>
    (await laptop.job(id)).status === 'running' ? true : undefined,
  );
  await machine.run('systemctl', 'stop', 'spotscribe.target', 'spotscribe-*.service');
  expect((await laptop.job(id)).status).toBe('queued');
  await machine.run('systemctl', 'restart', '--no-block', 'spotscribe.service');
  await until('the boot to begin again', 20, async () =>
    (await machine.state('spotscribe-worker')) === 'active' ? true : undefined,
  );
  expect(await laptop.ended(id, 300)).toMatchObject({ status: 'succeeded' });
  const text = words((await laptop.transcript(id)).text);
  expect(text.length).toBeGreaterThan((LONG_REPEATS - 1) * sampleWords().length);
});

test('a new specification reaches a running machine, with a GPU for the service', async () => {
  await ready();
  await respecify((spec) => ({
    ...spec,
    processes: spec.processes.map((process) =>
      process.name === 'whisper' ? { ...process, gpu: 'exclusive' as const } : process,
    ),
  }));
  await until('the processes to start again', 120, async () => {
    // For a moment, there are no units.
    const unit = await machine.run('systemctl', 'cat', 'spotscribe-whisper.service').catch(() => '');
    const started = unit.includes('char-nvidia') && (await machine.state('spotscribe-worker')) === 'active';
    return started ? true : undefined;
  });
  expect(await machine.runAs('whisper', 'ls', '/usr/local/nvidia/lib64')).toBe(
    'libcuda.so.1\nlibnvidia-ml.so.1',
  );
  expect(await machine.runAs('whisper', 'cat', '/usr/local/nvidia/lib64/libcuda.so.1')).toBe('libcuda.so.1');
  expect(await machine.run('cat', '/run/nvidia-modprobe')).toContain('-u');
  await until('the worker to be ready again', 60, () =>
    machine.run('curl', '-sf', 'http://127.0.0.1:8080/health').catch(() => undefined),
  );
});

test('at a spot notice the processes stop, the job waits for another machine, and this one ends', async () => {
  const id = await laptop.submit(repeated(LONG_REPEATS), 'interrupted.flac');
  await until('the job to run', 60, async () =>
    (await laptop.job(id)).status === 'running' ? true : undefined,
  );
  const time = new Date(Date.now() + 120_000).toISOString();
  machine.setMetadata('spot/instance-action', JSON.stringify({ action: 'terminate', time }));
  await until('the processes to stop', 60, async () =>
    (await machine.state('spotscribe-worker')) === 'inactive' ? true : undefined,
  );
  expect((await laptop.job(id)).status).toBe('queued');
  await until('the machine to leave its group', 20, async () =>
    (await instances()).length === 0 ? true : undefined,
  );
  machine.setMetadata('spot/instance-action');
});

test('a boot that fails ends the machine, and says why in CloudWatch', async () => {
  // The same machine plays another instance. What sends its journal still knows the first one.
  const stream = `boot/${instance}`;
  instance = await newInstance();
  machine.setMetadata('instance-id', instance);
  await respecify((spec) => ({
    ...spec,
    images: { ...spec.images, whisper: `${spec.images.whisper}-gone` },
  }));
  await machine.run('systemctl', 'restart', '--no-block', 'spotscribe.service');
  await until('the machine to leave its group', 120, async () =>
    (await instances()).length === 0 ? true : undefined,
  );
  await until('the boot to end', 20, async () =>
    (await machine.state('spotscribe')) === 'failed' ? true : undefined,
  );
  const lines = (await logged(stream)).join('\n');
  expect(lines).toContain('could not be fetched');
  expect(lines).toContain('The machine failed and ends itself');
});
