import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CloudFormationClient, ListStackResourcesCommand } from '@aws-sdk/client-cloudformation';
import { DescribeTaskDefinitionCommand, ECSClient } from '@aws-sdk/client-ecs';
import { SSMClient } from '@aws-sdk/client-ssm';
import { OUTPUT } from '../../core/contract/environment';
import { cdk, stackOutputs } from '../../local';
import type { Deployment } from '../../local/deploy';
import { clientConfiguration, clientEnvironment, startEmulator } from '../../local/emulator';
import { pythonEnvironment, workerBundle } from '../../local/installation';
import { Programs } from '../../local/machine/commands';
import { readDeployedMachine } from '../../local/machine/deployed-machine';
import { LocalInstance } from '../../local/machine/instance';
import { freePort } from '../../local/ports';
import type { ManagedProcess } from '../../local/processes';
import { writeLocalState } from '../../local/state';
import { Laptop, spotscribe, until } from './laptop';
import { previousVersion } from './previous-version';
import { type Attempt, instanceOptions, type VersionInstance, VersionMachine } from './version-machine';

const PATH = 'DockerGpu';
const STACK = `Spotscribe-${PATH}`;

/** What holds data, or has an address that others know. */
const STATEFUL = [
  'AWS::DynamoDB::Table',
  'AWS::S3::Bucket',
  'AWS::SQS::Queue',
  'AWS::ApiGatewayV2::Api',
  'AWS::AutoScaling::AutoScalingGroup',
];

/** Runs what a version has deployed on a machine. */
export type Version = (options: ReturnType<typeof instanceOptions>) => Promise<VersionInstance>;

/** An AWS on this machine to which two versions are deployed, one over the other. Machines start when a test says so. */
export class UpdatedAws {
  /** A client of the API, with a key that the previous version has made. */
  laptop!: Laptop;
  previous!: Version;
  current!: Version;
  private readonly machines: VersionMachine[] = [];

  private constructor(
    private readonly stateDir: string,
    private readonly endpoint: string,
    private readonly emulator: ManagedProcess,
  ) {}

  static async start(): Promise<UpdatedAws> {
    const stateDir = mkdtempSync(join(tmpdir(), 'spotscribe-update-'));
    const python = await pythonEnvironment('emulator', 'local/emulator/requirements.txt', () => undefined);
    const port = await freePort();
    const emulator = await startEmulator(python, port, stateDir);
    return new UpdatedAws(stateDir, `http://127.0.0.1:${port}`, emulator);
  }

  async stop(): Promise<void> {
    for (const machine of this.machines) machine.kill();
    await this.emulator.stop(5);
    rmSync(this.stateDir, { recursive: true, force: true });
  }

  /** Deploys the previous version, and has its command line make a key. */
  async deployPrevious(): Promise<void> {
    const { stateDir, endpoint } = this;
    // The previous version has no other engine for laptops.
    const deployment = this.deployment('pocketsphinx');
    const { sources, deployPath, run } = await previousVersion(join(stateDir, 'previous'));
    const outputs = await deployPath(deployment, PATH);
    const create = ['keys', 'create', '--stack', STACK, '--json'];
    const { stdout } = await spotscribe(create, clientEnvironment(endpoint), sources);
    const { key } = JSON.parse(stdout) as { key: string };
    const owner = { name: 'owner', pid: process.pid, startedAt: '' };
    const { settings } = deployment;
    writeLocalState(stateDir, {
      ...{
        owner,
        phase: 'ready',
        message: '',
        endpoint,
        outputs,
        settings,
        key,
        processes: [],
        machines: [],
      },
    });
    this.laptop = new Laptop(stateDir);
    const task = await this.task();
    this.previous = (options) => run(task, options);
  }

  /** Deploys this checkout over it, as a user does. */
  async deployCurrent(): Promise<void> {
    await cdk(
      this.deployment('faster-whisper'),
      'deploy',
      STACK,
      '--require-approval',
      'never',
      '--progress',
      'events',
    );
    const programs = new Programs({ workerBundle: await workerBundle(this.stateDir) });
    const name = (await this.outputs())[OUTPUT.machine] ?? '';
    const deployed = await readDeployedMachine(new SSMClient(clientConfiguration(this.endpoint)), name);
    this.current = async (options) => {
      const instance = new LocalInstance({ ...options, commandOf: (exec) => programs.commandOf(exec) });
      await instance.run(deployed!);
      return instance;
    };
  }

  /** Starts a machine when those before have given their jobs back. */
  async startMachine(id: string, version: Version): Promise<VersionMachine> {
    for (const machine of this.machines) await machine.drain();
    const instance = await version(instanceOptions(id, this.endpoint, this.stateDir));
    const machine = new VersionMachine(id, instance);
    this.machines.push(machine);
    return machine;
  }

  /** Every worker's attempts at a job, once one has told that it succeeded. */
  attempts(job: string): Promise<Attempt[]> {
    return until(`a worker to tell that ${job} succeeded`, 30, async () => {
      const all = this.machines.flatMap((machine) => machine.attempts(job));
      return all.some(({ outcome }) => outcome === 'succeeded') ? all : undefined;
    });
  }

  outputs(): Promise<Record<string, string>> {
    return stackOutputs(this.endpoint, STACK);
  }

  /** Physical ids of what has state, by stack and logical id. */
  async physicalIds(): Promise<Record<string, string>> {
    const client = new CloudFormationClient(clientConfiguration(this.endpoint));
    const ids: Record<string, string> = {};
    for (const StackName of ['Spotscribe-Foundation', STACK]) {
      const { StackResourceSummaries = [] } = await client.send(new ListStackResourcesCommand({ StackName }));
      for (const { LogicalResourceId, PhysicalResourceId, ResourceType = '' } of StackResourceSummaries)
        if (STATEFUL.includes(ResourceType))
          ids[`${StackName} ${LogicalResourceId}`] = PhysicalResourceId ?? '';
    }
    return ids;
  }

  private deployment(engine: string): Deployment {
    const { endpoint, stateDir } = this;
    const settings = {
      ...{ paths: PATH, engine, voxtralEngine: 'extractive', onDestroy: 'delete' },
      // A model service that is held is not taken for hung, and machines stay.
      ...{ modelSilenceSeconds: '3600', idleMinutes: '60' },
    };
    return { endpoint, stateDir, settings, onProgress: () => undefined };
  }

  /** The previous version's task definition. */
  private async task() {
    const { [OUTPUT.taskDefinition]: deployed } = await this.outputs();
    const { taskDefinition } = await new ECSClient(clientConfiguration(this.endpoint)).send(
      new DescribeTaskDefinitionCommand({ taskDefinition: deployed }),
    );
    if (taskDefinition === undefined) throw new Error(`There is no task definition ${deployed}`);
    return taskDefinition;
  }
}
