import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ENV } from '../../core/contract/environment';
import { STOP_SECONDS } from '../../core/contract/limits';
import type { Machine } from '../../core/contract/machine';
import { MACHINE_VOLUME, type MachineSpec } from '../../core/contract/machine-spec';
import { baseEnvironment, clientEnvironment } from '../../local/emulator';
import type { Programs } from '../../local/machine/commands';
import { processEnvironment } from '../../local/machine/environment';
import { machinePath } from '../../local/machine/task';
import { freePort } from '../../local/ports';
import { ManagedProcess } from '../../local/processes';
import { HearingService } from './hearing-service';

export type KillSignal = 'SIGKILL' | 'SIGTERM';

export interface WorkerSlotOptions {
  /** Folder of the machine. */
  folder: string;
  spec: MachineSpec;
  programs: Programs;
  /** URL of the proxy, in place of AWS. */
  proxyUrl: string;
}

/** Pause before a worker that has ended is replaced, in milliseconds. */
const REPLACE_MS = 200;

/** The fleet's worker never ends itself for lack of work. */
const NEVER_IDLE_SECONDS = String(24 * 3600);

/** A machine with a worker, which is replaced whenever it ends, and its model service. */
export class WorkerSlot {
  /** How workers ended that nobody had killed, and those that SIGTERM did not end with 0. */
  readonly disorderly: string[] = [];
  private worker: ManagedProcess | undefined;
  private killed: KillSignal | undefined;
  private stopping = false;
  private loop: Promise<void> = Promise.resolve();

  private constructor(
    private readonly options: WorkerSlotOptions,
    private readonly hearing: HearingService,
  ) {}

  /** Starts a model service, and the worker. @param id of the machine */
  static async start(id: string, options: WorkerSlotOptions): Promise<WorkerSlot> {
    const { folder, spec } = options;
    const machine: Machine = {
      ...{ instance_id: id, instance_type: 'laptop' },
      ...{ capacity: 'local', availability_zone: 'us-east-1a' },
    };
    for (const [name, path] of Object.entries(spec.volumes)) {
      const here = machinePath(folder, path);
      mkdirSync(name === MACHINE_VOLUME ? dirname(here) : here, { recursive: true });
      if (name === MACHINE_VOLUME) writeFileSync(here, JSON.stringify(machine));
    }
    const { [ENV.sharedAudio]: shared = '' } = workerEnvironment(options, { worker: 0, hearing: 0 });
    const slot = new WorkerSlot(options, await HearingService.start(shared));
    slot.loop = slot.keepRunning();
    return slot;
  }

  /** Requests that continued the work of an earlier attempt. */
  get resumed(): number {
    return this.hearing.resumed;
  }

  /** Lines of the log of all workers so far. */
  get log(): string[] {
    return readFileSync(join(this.options.folder, 'worker.log'), 'utf8').split('\n').filter(Boolean);
  }

  /** Whether there is a worker to kill. */
  get running(): boolean {
    return this.worker?.running === true && this.killed === undefined;
  }

  /** Ends the worker with a signal, and waits until it has ended. */
  async kill(signal: KillSignal): Promise<void> {
    const { worker } = this;
    if (worker === undefined) return;
    this.killed = signal;
    if (signal === 'SIGKILL') worker.kill();
    else await worker.stop(STOP_SECONDS + 10);
    await worker.exited;
  }

  /** Ends the worker and its model service for good. */
  async stop(): Promise<void> {
    this.stopping = true;
    if (this.running) await this.kill('SIGTERM');
    await this.loop;
    await this.hearing.stop();
    rmSync(machinePath(this.options.folder, '/'), { recursive: true, force: true });
  }

  private async keepRunning(): Promise<void> {
    while (!this.stopping) {
      this.killed = undefined;
      this.worker = await this.startWorker();
      const exit = await this.worker.exited;
      // Killed before it listens to signals, it ends by the signal.
      const inOrder = this.killed === 'SIGKILL' || (this.killed === 'SIGTERM' && exit !== 1);
      if (!inOrder) this.disorderly.push(`${this.killed ?? 'no signal'}: ${exit}`);
      await sleep(REPLACE_MS);
    }
  }

  private async startWorker(): Promise<ManagedProcess> {
    const { folder, spec, programs } = this.options;
    const { file, args, env } = await programs.commandOf(workerOf(spec).exec);
    const ports = { worker: await freePort(), hearing: this.hearing.port };
    return new ManagedProcess({
      ...{ name: 'worker', file, args, cwd: folder, log: join(folder, 'worker.log') },
      env: { ...baseEnvironment(), ...env, ...workerEnvironment(this.options, ports) },
    });
  }
}

/** The environment of the deployed worker, with the proxy as its AWS. */
function workerEnvironment(
  { spec, folder, proxyUrl }: WorkerSlotOptions,
  ports: { worker: number; hearing: number },
): Record<string, string> {
  const worker = workerOf(spec);
  const environment = processEnvironment(spec, worker, {
    aws: clientEnvironment(proxyUrl),
    path: (path) => machinePath(folder, path),
    port: (process) => (process === worker.name ? ports.worker : ports.hearing),
  });
  // The SQS client sends its calls to the host in the queue's URL.
  const queueUrl = new URL(new URL(environment[ENV.queueUrl] ?? '').pathname, proxyUrl).href;
  return { ...environment, [ENV.queueUrl]: queueUrl, [ENV.idleSeconds]: NEVER_IDLE_SECONDS };
}

function workerOf({ processes }: MachineSpec) {
  const worker = processes.find(({ name }) => name === 'worker');
  if (worker === undefined) throw new Error('The path has no worker');
  return worker;
}
