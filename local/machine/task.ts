import { randomUUID } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { MachineProcess, MachineSpec, ProcessExec } from '../../core/contract/machine-spec';
import { baseEnvironment } from '../emulator';
import { freePort } from '../ports';
import { ManagedProcess } from '../processes';
import type { Command } from './commands';
import { type Host, processEnvironment } from './environment';

/** Default time in seconds between SIGTERM and SIGKILL. */
const DEFAULT_STOP_SECONDS = 30;

/** Seconds before the processes start again after an essential one has ended. */
const REPLACE_SECONDS = 1;

export interface TaskOptions {
  spec: MachineSpec;
  /** Folder of the machine. It contains its paths. */
  folder: string;
  aws: Record<string, string>;
  commandOf: (exec: ProcessExec) => Promise<Command>;
  /** Called whenever a process starts or ends. */
  onChange: () => void;
}

interface Running {
  process: ManagedProcess;
  /** On the clock of `performance.now()`. */
  startedAt: number;
  /** Local port of its first port. */
  port?: number;
  /** Local ports by port in the specification. */
  ports: ReadonlyMap<number, number>;
  log: string;
}

/**
 * Runs the processes of a machine like a DAEMON task of ECS. They start in the order of their
 * dependencies and restart as the specification says. When an essential one has ended, the others
 * are stopped, and all start again.
 */
export class LocalTask {
  readonly containers = new Map<string, Running>();
  private stopping = false;
  /** Whether the processes are being stopped and must not restart. */
  private ending = false;
  private readonly loop: Promise<void>;

  constructor(private readonly options: TaskOptions) {
    mkdirSync(options.folder, { recursive: true });
    this.loop = this.keepRunning();
  }

  /** Stops the processes in reverse start order. */
  async stop(): Promise<void> {
    this.stopping = true;
    await this.stopProcesses();
    await this.loop;
  }

  /** Kills all processes at once and restarts none. */
  kill(): void {
    this.stopping = true;
    this.ending = true;
    for (const { process } of this.containers.values()) process.kill();
  }

  private async keepRunning(): Promise<void> {
    while (!this.stopping) {
      try {
        await this.runOnce();
      } catch (error) {
        console.error(`task: ${(error as Error).message}`);
      }
      if (!this.stopping) await sleep(REPLACE_SECONDS * 1000);
    }
  }

  /** Runs the processes until an essential one ends, or cannot start, or the task is stopped. */
  private async runOnce(): Promise<void> {
    this.ending = false;
    try {
      await this.untilEssentialEnds();
    } finally {
      await this.stopProcesses();
    }
  }

  private async untilEssentialEnds(): Promise<void> {
    const { spec, commandOf } = this.options;
    const host = await this.host();
    const essential: Promise<void>[] = [];
    for (const each of startOrder(spec.processes)) {
      const command = await commandOf(each.exec);
      // One that has started may end while another one still waits.
      const isOver = await Promise.race([
        this.waitForDependencies(each).then(() => false),
        ...essential.map((ended) => ended.then(() => true)),
      ]);
      if (isOver || this.stopping) return;
      const start = () => this.start(each, command, host);
      const ended = this.keepProcess(each, start);
      ended.catch((error: unknown) => console.error(String(error)));
      if (each.essential ?? true) essential.push(ended);
    }
    await Promise.race(essential);
  }

  /** Starts a process, and restarts it as the specification says. Resolves when it will not restart. */
  private async keepProcess(
    { restart_after_seconds: atLeast }: MachineProcess,
    start: () => Running,
  ): Promise<void> {
    for (;;) {
      const { process, startedAt } = start();
      await process.exited;
      const seconds = (performance.now() - startedAt) / 1000;
      if (this.ending || !restarts(atLeast, seconds)) return;
    }
  }

  private start(each: MachineProcess, { file, args, env }: Command, host: Host): Running {
    const { spec, folder } = this.options;
    const { name } = each;
    const ports = new Map((each.ports ?? []).map(({ port }) => [port, host.port(name, port)]));
    const running = {
      process: new ManagedProcess({
        name,
        file,
        args,
        env: { ...baseEnvironment(), ...env, ...processEnvironment(spec, each, host) },
        cwd: folder,
        log: join(folder, `${name}.log`),
      }),
      startedAt: performance.now(),
      port: [...ports.values()][0],
      ports,
      log: join(folder, `${name}.log`),
    };
    this.containers.set(name, running);
    this.options.onChange();
    void running.process.exited.finally(this.options.onChange).catch(() => undefined);
    return running;
  }

  private async waitForDependencies({ after = [] }: MachineProcess): Promise<void> {
    for (const { process: name, until } of after) {
      if (until !== 'succeeded') continue;
      const code = await this.containers.get(name)?.process.exited;
      if (code !== 0) throw new Error(`${name} ended with ${code} instead of 0`);
    }
  }

  private async stopProcesses(): Promise<void> {
    this.ending = true;
    const { processes } = this.options.spec;
    const seconds = (name: string) =>
      processes.find((each) => each.name === name)?.stop_seconds ?? DEFAULT_STOP_SECONDS;
    // Dependent processes end first: the worker returns its jobs while the models still answer.
    for (const [name, { process }] of [...this.containers].reverse()) await process.stop(seconds(name));
    this.options.onChange();
  }

  /** The machine's paths, and a free local port for every port of a process. */
  private async host(): Promise<Host> {
    const { spec, folder, aws } = this.options;
    const free = new Map<string, Map<number, number>>();
    for (const { name, ports = [] } of spec.processes) {
      const own = new Map<number, number>();
      for (const { port } of ports) own.set(port, await freePort());
      free.set(name, own);
    }
    return {
      aws: { ...agentVariables(), ...aws },
      path: (path) => machinePath(folder, path),
      port: (process, port) => {
        const own = free.get(process) ?? new Map<number, number>();
        const found = port === undefined ? [...own.values()][0] : own.get(port);
        if (found === undefined)
          throw new Error(`The process ${process} has no port ${port ?? ''}`.trimEnd());
        return found;
      },
    };
  }
}

/** Whether an ended process restarts alone. @param atLeast - `restart_after_seconds` */
export const restarts = (atLeast: number | undefined, seconds: number): boolean =>
  atLeast !== undefined && seconds >= atLeast;

/**
 * Variables that the ECS agent sets in every process of a task with a role, including model
 * services. These URLs do not work here: local clients have other credentials (`aws`).
 */
const agentVariables = (): Record<string, string> => ({
  AWS_CONTAINER_CREDENTIALS_RELATIVE_URI: `/v2/credentials/${randomUUID()}`,
  AWS_EXECUTION_ENV: 'AWS_ECS_EC2',
  ECS_CONTAINER_METADATA_URI: `http://169.254.170.2/v3/${randomUUID()}`,
  ECS_CONTAINER_METADATA_URI_V4: `http://169.254.170.2/v4/${randomUUID()}`,
});

/** Local path of a path on the emulated machine. */
export const machinePath = (folder: string, path: string): string => join(folder, 'disk', path);

/**
 * Sorts processes so that each comes after those that it depends on.
 *
 * @throws if the dependencies have a cycle, or one does not exist
 */
export function startOrder(processes: readonly MachineProcess[]): MachineProcess[] {
  const ordered: MachineProcess[] = [];
  let waiting = [...processes];
  while (waiting.length > 0) {
    const started = new Set(ordered.map(({ name }) => name));
    const ready = waiting.filter(({ after = [] }) => after.every(({ process }) => started.has(process)));
    if (ready.length === 0) {
      throw new Error(
        `Processes depend on each other or on a missing one: ${waiting.map(({ name }) => name).join(', ')}`,
      );
    }
    ordered.push(...ready);
    waiting = waiting.filter((process) => !ready.includes(process));
  }
  return ordered;
}
