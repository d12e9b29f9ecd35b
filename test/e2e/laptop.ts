import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import {
  AutoScalingClient,
  type AutoScalingGroup,
  DescribeAutoScalingGroupsCommand,
} from '@aws-sdk/client-auto-scaling';
import {
  type FunctionConfiguration,
  InvokeCommand,
  LambdaClient,
  ListFunctionsCommand,
  UpdateFunctionConfigurationCommand,
} from '@aws-sdk/client-lambda';
import { S3Client } from '@aws-sdk/client-s3';
import { GetQueueAttributesCommand, SQSClient } from '@aws-sdk/client-sqs';
import type { Analysis } from '../../core/contract/work/analysis';
import type { SubmittedOptions } from '../../core/contract/work/options';
import type { JobView } from '../../core/contract/job';
import { OUTPUT } from '../../core/contract/environment';
import type { SubmitJobResponse } from '../../core/contract/api';
import type { Transcript } from '../../core/contract/work/transcript';
import { clientConfiguration } from '../../local/emulator';
import { type LocalMachine, readLocalState } from '../../local/state';

const run = promisify(execFile);
export const root = join(__dirname, '..', '..');

export interface Answer<T> {
  status: number;
  body: T;
  headers: Headers;
}

/**
 * Most machines of a path, unless a test needs more. With one machine, a test knows which machine
 * has a job. On this computer the sizer adds a machine as soon as a job takes longer than expected,
 * because a machine boots in seconds.
 */
const MAX_MACHINES = '1';

/** An AWS on this machine with a path deployed, started and ended through the real command line. */
export class Laptop {
  static async start(settings: Record<string, string> = {}, path = 'DockerGpu'): Promise<Laptop> {
    const stateDir = mkdtempSync(join(tmpdir(), 'spotscribe-e2e-'));
    const given = Object.entries({ maxMachines: MAX_MACHINES, ...settings }).flatMap(([name, value]) => [
      '--setting',
      `${name}=${value}`,
    ]);
    await spotscribe(['local', 'up', '--path', path, '--state-dir', stateDir, ...given], {});
    return new Laptop(stateDir);
  }

  readonly env: Record<string, string>;
  readonly url: string;
  readonly key: string;
  readonly outputs: Record<string, string>;
  readonly s3: S3Client;
  readonly sqs: SQSClient;
  private readonly lambda: LambdaClient;
  private readonly autoScaling: AutoScalingClient;

  /** @param stateDir of an AWS that runs */
  constructor(readonly stateDir: string) {
    const state = readLocalState(stateDir);
    if (state?.endpoint === undefined || state.key === undefined)
      throw new Error(`No AWS runs in ${stateDir}`);
    this.outputs = state.outputs;
    this.url = state.outputs[OUTPUT.apiUrl] ?? '';
    this.key = state.key;
    const client = clientConfiguration(state.endpoint);
    this.env = { SPOTSCRIBE_URL: this.url, SPOTSCRIBE_KEY: this.key, AWS_ENDPOINT_URL: state.endpoint };
    this.s3 = new S3Client(client);
    this.sqs = new SQSClient(client);
    this.lambda = new LambdaClient(client);
    this.autoScaling = new AutoScalingClient(client);
  }

  async stop(): Promise<void> {
    await spotscribe(['local', 'down', '--state-dir', this.stateDir], {});
    rmSync(this.stateDir, { recursive: true, force: true });
  }

  /** A request to the API, with the user's key unless another is given. */
  async request<T>(
    method: string,
    path: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ): Promise<Answer<T>> {
    const answer = await fetch(`${this.url}${path}`, {
      method,
      headers: {
        authorization: `Bearer ${this.key}`,
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...headers,
      },
      body: body === undefined ? undefined : typeof body === 'string' ? body : JSON.stringify(body),
    });
    const text = await answer.text();
    const json = answer.headers.get('content-type')?.includes('json') === true && text !== '';
    return { status: answer.status, body: (json ? JSON.parse(text) : text) as T, headers: answer.headers };
  }

  /** Creates a job and uploads its input. @param options without a language, the laptop's model complains */
  async submit(
    audio: Uint8Array,
    name = 'audio',
    options: SubmittedOptions = { language: 'en' },
  ): Promise<string> {
    const made = await this.submitted(audio.length, name, options);
    await this.upload(made, audio);
    return made.id;
  }

  /** Creates a job that awaits its upload. @param size 0 if it is not known */
  async submitted(size: number, name = 'audio', options: SubmittedOptions = {}): Promise<SubmitJobResponse> {
    const request = { name, options, size: size === 0 ? undefined : size };
    return (await this.request<SubmitJobResponse>('POST', '/v1/jobs', request)).body;
  }

  async upload({ upload, ...made }: SubmitJobResponse, audio: Uint8Array): Promise<void> {
    if (upload === undefined) throw new Error(`No upload in ${JSON.stringify(made)}`);
    const put = await fetch(upload.url, { method: upload.method, headers: upload.headers, body: audio });
    if (!put.ok) throw new Error(`The upload was answered with ${put.status}: ${await put.text()}`);
  }

  async job(id: string): Promise<JobView> {
    return (await this.request<JobView>('GET', `/v1/jobs/${id}`)).body;
  }

  async transcript(id: string): Promise<Transcript> {
    return (await this.request<Transcript>('GET', `/v1/jobs/${id}/transcript`)).body;
  }

  async analysis(id: string): Promise<Analysis> {
    return (await this.request<Analysis>('GET', `/v1/jobs/${id}/analysis`)).body;
  }

  /** Waits until the job has ended. */
  ended(id: string, seconds = 120): Promise<JobView> {
    return until(`job ${id} to end`, seconds, async () => {
      const job = await this.job(id);
      return ['succeeded', 'failed', 'cancelled', 'expired'].includes(job.status) ? job : undefined;
    });
  }

  machines(): LocalMachine[] {
    return readLocalState(this.stateDir)?.machines ?? [];
  }

  /** The process of a container that runs, once one does. */
  containerProcess(name: string): Promise<number> {
    return until(`the container ${name}`, 90, async () => {
      const [machine] = this.machines().filter(({ leaving }) => !leaving);
      const container = machine?.containers.find((each) => each.name === name);
      return container?.running === true ? container.pid : undefined;
    });
  }

  async desiredMachines(): Promise<number> {
    return (await this.group()).DesiredCapacity ?? NaN;
  }

  /** Most machines that the group may have. */
  async largestFleet(): Promise<number> {
    return (await this.group()).MaxSize ?? NaN;
  }

  /** Messages in a queue, waiting or held. */
  async messages(queue: keyof typeof OUTPUT): Promise<number> {
    const { Attributes = {} } = await this.sqs.send(
      new GetQueueAttributesCommand({ QueueUrl: this.outputs[OUTPUT[queue]], AttributeNames: ['All'] }),
    );
    return (
      Number(Attributes.ApproximateNumberOfMessages) +
      Number(Attributes.ApproximateNumberOfMessagesNotVisible)
    );
  }

  private async group(): Promise<AutoScalingGroup> {
    const names = [this.outputs[OUTPUT.fleetName] ?? ''];
    const { AutoScalingGroups = [] } = await this.autoScaling.send(
      new DescribeAutoScalingGroupsCommand({ AutoScalingGroupNames: names }),
    );
    const [group] = AutoScalingGroups;
    if (group === undefined) throw new Error(`There is no group ${names[0]}`);
    return group;
  }

  /** Runs a function now that a schedule would run within a minute. */
  async invoke(name: string): Promise<void> {
    const { FunctionName } = await this.functionNamed(name);
    const { FunctionError, Payload } = await this.lambda.send(
      new InvokeCommand({ FunctionName, Payload: '{}' }),
    );
    if (FunctionError !== undefined)
      throw new Error(`${name} failed: ${Buffer.from(Payload ?? []).toString()}`);
  }

  /** Changes an environment variable of a function, and runs it. */
  async setVariable(name: string, variable: string, value: string): Promise<void> {
    const { FunctionName, Environment } = await this.functionNamed(name);
    const Variables = { ...Environment?.Variables, [variable]: value };
    await this.lambda.send(
      new UpdateFunctionConfigurationCommand({ FunctionName, Environment: { Variables } }),
    );
    await this.invoke(name);
  }

  private async functionNamed(name: string): Promise<FunctionConfiguration> {
    const { Functions = [] } = await this.lambda.send(new ListFunctionsCommand({}));
    const found = Functions.find(({ FunctionName = '' }) => FunctionName.includes(name));
    if (found === undefined) throw new Error(`There is no function ${name}`);
    return found;
  }
}

/** Runs the real command line, as a user does. */
export async function spotscribe(args: string[], env: Record<string, string>, sources = root) {
  const { PATH = '', HOME = '' } = process.env;
  return run(process.execPath, [join(sources, 'bin/spotscribe.js'), ...args], {
    env: { PATH, HOME, ...env },
    maxBuffer: 2 ** 26,
  });
}

/** How much slower a machine can be that runs other tests at the same time. */
const LOADED = 10;

/**
 * Asks until there is an answer.
 *
 * @param seconds how long that takes at most where nothing else runs; the limit, ten times as much, only names what
 * never happened
 */
export async function until<T>(what: string, seconds: number, ask: () => Promise<T | undefined>): Promise<T> {
  const limit = seconds * LOADED;
  const deadline = Date.now() + limit * 1000;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined) return answer;
    if (Date.now() > deadline) throw new Error(`Waited ${limit} s in vain for ${what}`);
    await sleep(200);
  }
}
