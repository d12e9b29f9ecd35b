import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Instance } from '@aws-sdk/client-auto-scaling';
import type { ContainerDefinition, TaskDefinition } from '@aws-sdk/client-ecs';
import { ENV } from '../../core/contract/environment';
import type { Machine } from '../../core/contract/machine';
import type { BalancedService } from '../balancer/balanced-service';
import type { Command } from './commands';
import { spotNotice } from './spot-notice';
import type { LocalMachine } from '../state';
import { LocalTask, machinePath } from './task';

export interface InstanceOptions {
  instance: Instance;
  /** Folder for its disk and logs. */
  folder: string;
  aws: Record<string, string>;
  commandOf: (container: ContainerDefinition) => Command;
  /** Sends requests to it. @default - nobody does */
  balanced?: Pick<BalancedService, 'isHealthy' | 'leave'>;
  /** Called whenever a process starts or ends. */
  onChange: () => void;
}

/** A machine with its task, as EC2 and ECS keep them: one task at a time, and none any more once the machine leaves. */
export class LocalInstance {
  readonly id: string;
  /** Of the task definition that its task is of, or is about to be. */
  revision = '';
  /** No task is started here any more. */
  leaving = false;
  private task: LocalTask | undefined;
  /** The task is to take requests. */
  private serving = false;
  /** Ends when what was last begun with the task is over. */
  private changes = Promise.resolve();

  constructor(private readonly options: InstanceOptions) {
    this.id = options.instance.InstanceId ?? '';
    mkdirSync(options.folder, { recursive: true });
  }

  /** The task that a load balancer is to know. */
  get served(): LocalTask[] {
    return this.task !== undefined && this.serving ? [this.task] : [];
  }

  get healthy(): boolean {
    return this.served.some((task) => this.options.balanced?.isHealthy(task) ?? true);
  }

  /** When EC2 takes the machine back; undefined if it has not said so. */
  get gone(): Date | undefined {
    return spotNotice(this.options.folder);
  }

  /** Runs this task; another one is stopped first. */
  run(definition: TaskDefinition): Promise<void> {
    this.revision = definition.taskDefinitionArn ?? '';
    return this.change(async () => {
      await this.stopTask();
      if (this.leaving) return;
      this.prepare(definition);
      const { folder, aws, commandOf, onChange } = this.options;
      this.task = new LocalTask({ definition, folder, aws, commandOf, onChange });
      this.serving = true;
      this.options.onChange();
    });
  }

  /** Stops the task, and lets none take its place: what ECS does with an instance in the state DRAINING. */
  drain(): Promise<void> {
    this.leaving = true;
    return this.change(() => this.stopTask());
  }

  /** Ends everything that runs here, as the loss of the machine does. */
  kill(): void {
    this.leaving = true;
    this.serving = false;
    this.task?.kill();
    this.options.onChange();
  }

  /** Drains the machine and removes its disk, which a spot machine's is gone with it; its logs stay. */
  async end(): Promise<void> {
    await this.drain();
    rmSync(machinePath(this.options.folder, '/'), { recursive: true, force: true });
  }

  describe(): LocalMachine {
    const containers = [...(this.task?.containers ?? [])].map(([name, { process, port, log }]) => ({
      name,
      pid: process.running ? process.started.pid : undefined,
      running: process.running,
      port,
      log,
    }));
    return { id: this.id, leaving: this.leaving, containers };
  }

  processes() {
    return [...(this.task?.containers.values() ?? [])]
      .filter(({ process }) => process.running)
      .map(({ process }) => process.started);
  }

  /** One after the other: a task that is being stopped is let end before anything else is done. */
  private change(step: () => Promise<void>): Promise<void> {
    this.changes = this.changes.then(step).catch((error: unknown) => {
      console.error(`machine ${this.id}: ${(error as Error).message}`);
    });
    return this.changes;
  }

  /** As ECS does: nothing new comes to the task, what is under way ends, and then comes SIGTERM. */
  private async stopTask(): Promise<void> {
    const { task } = this;
    if (task === undefined) return;
    this.serving = false;
    await this.options.balanced?.leave(task);
    await task.stop();
    this.options.onChange();
  }

  /** The folders that the task mounts, and the file in which the machine describes itself. */
  private prepare(definition: TaskDefinition): void {
    const { folder, instance } = this.options;
    const about = hostPathOfMachineFile(definition);
    for (const { host } of definition.volumes ?? []) {
      if (host?.sourcePath !== undefined && host.sourcePath !== about) {
        mkdirSync(machinePath(folder, host.sourcePath), { recursive: true });
      }
    }
    if (about === undefined) return;
    const machine: Machine = {
      instance_id: this.id,
      instance_type: 'laptop',
      capacity: 'local',
      availability_zone: instance.AvailabilityZone ?? '',
    };
    mkdirSync(dirname(machinePath(folder, about)), { recursive: true });
    writeFileSync(machinePath(folder, about), JSON.stringify(machine));
  }
}

/** The host path that a container sees as the file in which a machine describes itself. */
function hostPathOfMachineFile({
  containerDefinitions = [],
  volumes = [],
}: TaskDefinition): string | undefined {
  for (const { environment = [], mountPoints = [] } of containerDefinitions) {
    const path = environment.find(({ name }) => name === ENV.machineFile)?.value;
    const mount = mountPoints.find(({ containerPath }) => containerPath === path);
    const volume = volumes.find(({ name }) => name === mount?.sourceVolume);
    if (path !== undefined && volume !== undefined) return volume.host?.sourcePath;
  }
  return undefined;
}
