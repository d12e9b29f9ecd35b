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

/** ECS gives a container this long after SIGTERM, where the definition does not say. */
const DEFAULT_STOP_SECONDS = 30;

/** How long ECS waits before it starts a task again whose essential container ended. */
const REPLACE_SECONDS = 1;

export interface TaskOptions {
  definition: TaskDefinition;
  /** Folder of the machine: the host's paths are folders in it. */
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
  /** Of its first server. */
  port?: number;
  /** Of this machine, by the containers' own. */
  ports: ReadonlyMap<number | undefined, number>;
  log: string;
}

/**
 * A task on a machine, as ECS runs a DAEMON task: containers start in the order of what they depend on, one that ends is
 * started again if its restart policy says so, and when an essential one has ended for good the others are stopped and
 * the task is started anew.
 */
export class LocalTask {
  readonly containers = new Map<string, Running>();
  private stopping = false;
  /** The containers are being stopped: none is to start again. */
  private ending = false;
  private readonly loop: Promise<void>;

  constructor(private readonly options: TaskOptions) {
    mkdirSync(options.folder, { recursive: true });
    this.loop = this.keepRunning();
  }

  /** Stops the containers in the reverse of the order of their start. */
  async stop(): Promise<void> {
    this.stopping = true;
    await this.stopContainers();
    await this.loop;
  }

  /** Ends everything at once, and starts nothing again. */
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

  /** Starts a container again for as long as its restart policy says so. Resolves when it has ended for good. */
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
        throw new Error(`The local fleet knows no health checks: ${containerName} must not be HEALTHY`);
      const code = await this.containers.get(containerName)?.process.exited;
      if (condition === 'SUCCESS' && code !== 0)
        throw new Error(`${containerName} ended with ${code}, not with 0`);
    }
  }

  private async stopContainers(): Promise<void> {
    this.ending = true;
    const definitions = this.options.definition.containerDefinitions ?? [];
    const seconds = (name: string) =>
      definitions.find((each) => each.name === name)?.stopTimeout ?? DEFAULT_STOP_SECONDS;
    // What depends on others ends first: the worker gives its jobs back while the models still answer.
    for (const [name, { process }] of [...this.containers].reverse()) await process.stop(seconds(name));
    this.options.onChange();
  }

  /** The machine's folders and a free port for every port of the task. */
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
        if (found === undefined) throw new Error(`Container ${container} maps no port ${port}`);
        return found;
      },
    };
  }
}

/**
 * What the ECS agent adds to the environment of every container of a task with a role, model services included. Nothing
 * answers there: clients on this machine have credentials of their own (`aws`).
 */
const agentVariables = (): Record<string, string> => ({
  AWS_CONTAINER_CREDENTIALS_RELATIVE_URI: `/v2/credentials/${randomUUID()}`,
  AWS_EXECUTION_ENV: 'AWS_ECS_EC2',
  ECS_CONTAINER_METADATA_URI: `http://169.254.170.2/v3/${randomUUID()}`,
  ECS_CONTAINER_METADATA_URI_V4: `http://169.254.170.2/v4/${randomUUID()}`,
});

/** Where a path of the machine lies on this one. */
export const machinePath = (folder: string, path: string): string => join(folder, 'disk', path);

/**
 * Containers in an order in which each comes after those that it depends on.
 *
 * @throws if they depend on each other in a circle, or on one that is not there
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
      throw new Error(`Containers wait for each other: ${waiting.map(({ name }) => name).join(', ')}`);
    }
    ordered.push(...ready);
    waiting = waiting.filter((container) => !ready.includes(container));
  }
  return ordered;
}
