import { randomUUID } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ContainerDefinition, TaskDefinition } from '@aws-sdk/client-ecs';
import { type Command } from './commands';
import { baseEnvironment } from '../emulator';
import { freePort } from '../ports';
import { ManagedProcess } from '../processes';
import { exitCode, restarts } from './restart-policy';
import { type Host, processEnvironment } from './translate';

/** Default time in seconds between SIGTERM and SIGKILL in ECS. */
const DEFAULT_STOP_SECONDS = 30;

/** Seconds before ECS replaces a task whose essential container ended. */
const REPLACE_SECONDS = 1;

export interface TaskOptions {
  definition: TaskDefinition;
  /** Folder of the machine. It contains the folders for host paths. */
  folder: string;
  aws: Record<string, string>;
  commandOf: (container: ContainerDefinition) => Command;
  /** Called whenever a process starts or ends. */
  onChange: () => void;
}

interface Running {
  process: ManagedProcess;
  /** On the clock of `performance.now()`. */
  startedAt: number;
  /** Local port of the first mapped container port. */
  port?: number;
  /** Local ports by container port. */
  ports: ReadonlyMap<number | undefined, number>;
  log: string;
}

/**
 * Runs a task on a machine like a DAEMON task of ECS. Containers start in the order of their
 * dependencies and restart according to their restart policy. When an essential container has
 * ended, the others are stopped and the task is replaced.
 */
export class LocalTask {
  readonly containers = new Map<string, Running>();
  private stopping = false;
  /** Whether the containers are being stopped and must not restart. */
  private ending = false;
  private readonly loop: Promise<void>;

  constructor(private readonly options: TaskOptions) {
    mkdirSync(options.folder, { recursive: true });
    this.loop = this.keepRunning();
  }

  /** Stops the containers in reverse start order. */
  async stop(): Promise<void> {
    this.stopping = true;
    await this.stopContainers();
    await this.loop;
  }

  /** Kills all containers at once and restarts none. */
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

  /** Runs the task until an essential container ends or the task is stopped. */
  private async runOnce(): Promise<void> {
    const { definition } = this.options;
    const host = await this.host();
    const essential: Promise<unknown>[] = [];
    this.ending = false;
    for (const container of startOrder(definition.containerDefinitions ?? [])) {
      await this.waitForDependencies(container);
      if (this.stopping) return;
      const ended = this.keepContainer(container, host, this.start(container, host));
      if (container.essential !== false) essential.push(ended);
      else ended.catch((error: unknown) => console.error(String(error)));
    }
    await Promise.race(essential).catch((error: unknown) => console.error(String(error)));
    await this.stopContainers();
  }

  /** Restarts a container according to its restart policy. Resolves when it will not restart. */
  private async keepContainer(container: ContainerDefinition, host: Host, first: Running): Promise<void> {
    for (let running = first; ; running = this.start(container, host)) {
      const code = exitCode(await running.process.exited);
      const seconds = (performance.now() - running.startedAt) / 1000;
      if (this.ending || !restarts(container, code, seconds)) return;
    }
  }

  private start(container: ContainerDefinition, host: Host): Running {
    const { definition, folder, commandOf } = this.options;
    const { file, args, env } = commandOf(container);
    const name = container.name ?? '';
    const own = (container.portMappings ?? []).map(({ containerPort = 0 }) => containerPort);
    const ports = new Map(own.map((port) => [port, host.port(name, port)]));
    const running = {
      process: new ManagedProcess({
        name,
        file,
        args,
        env: { ...baseEnvironment(), ...env, ...processEnvironment(definition, container, host) },
        cwd: folder,
        log: join(folder, `${name}.log`),
      }),
      startedAt: performance.now(),
      port: ports.get(own[0] ?? 0),
      ports,
      log: join(folder, `${name}.log`),
    };
    this.containers.set(name, running);
    this.options.onChange();
    void running.process.exited.finally(this.options.onChange).catch(() => undefined);
    return running;
  }

  private async waitForDependencies({ dependsOn = [] }: ContainerDefinition): Promise<void> {
    for (const { containerName = '', condition } of dependsOn) {
      if (condition === 'START') continue;
      if (condition === 'HEALTHY')
        throw new Error(
          `The local fleet does not support health checks: do not wait for ${containerName} to be HEALTHY`,
        );
      const code = await this.containers.get(containerName)?.process.exited;
      if (condition === 'SUCCESS' && code !== 0)
        throw new Error(`${containerName} ended with exit code ${code} instead of 0`);
    }
  }

  private async stopContainers(): Promise<void> {
    this.ending = true;
    const definitions = this.options.definition.containerDefinitions ?? [];
    const seconds = (name: string) =>
      definitions.find((each) => each.name === name)?.stopTimeout ?? DEFAULT_STOP_SECONDS;
    // Dependent containers end first: the worker returns its jobs while the models still answer.
    for (const [name, { process }] of [...this.containers].reverse()) await process.stop(seconds(name));
    this.options.onChange();
  }

  /** The machine's folders, and a free local port for every port of the task. */
  private async host(): Promise<Host> {
    const { definition, folder, aws } = this.options;
    const ports = new Map<string, number>();
    for (const { name, portMappings = [] } of definition.containerDefinitions ?? []) {
      for (const { containerPort } of portMappings) ports.set(`${name}:${containerPort}`, await freePort());
    }
    return {
      aws: { ...agentVariables(), ...aws },
      folder: (path) => machinePath(folder, path),
      port: (container, port) => {
        const found = ports.get(`${container}:${port}`);
        if (found === undefined) throw new Error(`Container ${container} has no mapping for port ${port}`);
        return found;
      },
    };
  }
}

/**
 * Variables that the ECS agent sets in every container of a task with a role, including model
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
 * Sorts containers so that each comes after those that it depends on.
 *
 * @throws if the dependencies have a cycle, or one does not exist
 */
export function startOrder(containers: ContainerDefinition[]): ContainerDefinition[] {
  const ordered: ContainerDefinition[] = [];
  let waiting = containers;
  while (waiting.length > 0) {
    const started = new Set(ordered.map(({ name }) => name));
    const ready = waiting.filter(({ dependsOn = [] }) =>
      dependsOn.every(({ containerName }) => started.has(containerName)),
    );
    if (ready.length === 0) {
      throw new Error(
        `Containers depend on each other or on a missing one: ${waiting.map(({ name }) => name).join(', ')}`,
      );
    }
    ordered.push(...ready);
    waiting = waiting.filter((container) => !ready.includes(container));
  }
  return ordered;
}
