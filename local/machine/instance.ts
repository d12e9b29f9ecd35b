import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Instance } from '@aws-sdk/client-auto-scaling';
import type { Machine } from '../../core/contract/machine';
import { MACHINE_VOLUME, type MachineSpec, type ProcessExec } from '../../core/contract/machine-spec';
import type { BalancedService } from '../balancer/balanced-service';
import type { Command } from './commands';
import type { DeployedMachine } from './deployed-machine';
import { spotNotice } from './spot-notice';
import type { LocalMachine } from '../state';
import { LocalTask, machinePath } from './task';

export interface InstanceOptions {
  instance: Instance;
  /** Folder for disk and logs. */
  folder: string;
  aws: Record<string, string>;
  commandOf: (exec: ProcessExec) => Promise<Command>;
  /** Sends requests to the machine. @default - no load balancer */
  balanced?: Pick<BalancedService, 'isHealthy' | 'leave'>;
  /** Called whenever a process starts or ends. */
  onChange: () => void;
}

/**
 * A machine with its processes, as in EC2 and ECS: one task at a time, and none after the machine
 * leaves.
 */
export class LocalInstance {
  readonly id: string;
  /** Specification of the current or next task. */
  revision = '';
  /** Whether the machine leaves and starts no further task. */
  leaving = false;
  private task: LocalTask | undefined;
  /** Whether the task accepts requests. */
  private serving = false;
  /** Resolves when the last change of the task is complete. */
  private changes = Promise.resolve();

  constructor(private readonly options: InstanceOptions) {
    this.id = options.instance.InstanceId ?? '';
    mkdirSync(options.folder, { recursive: true });
  }

  /** The task to register with a load balancer. */
  get served(): LocalTask[] {
    return this.task !== undefined && this.serving ? [this.task] : [];
  }

  get healthy(): boolean {
    return this.served.some((task) => this.options.balanced?.isHealthy(task) ?? true);
  }

  /** Time of the interruption by EC2; undefined without a spot notice. */
  get gone(): Date | undefined {
    return spotNotice(this.options.folder);
  }

  /** Runs this task, after it has stopped the previous one. */
  run({ spec, revision }: DeployedMachine): Promise<void> {
    this.revision = revision;
    return this.change(async () => {
      await this.stopTask();
      if (this.leaving) return;
      this.prepare(spec);
      const { folder, aws, commandOf, onChange } = this.options;
      this.task = new LocalTask({ spec, folder, aws, commandOf, onChange });
      this.serving = true;
      this.options.onChange();
    });
  }

  /** Stops the task without a replacement, as ECS does with an instance in the state DRAINING. */
  drain(): Promise<void> {
    this.leaving = true;
    return this.change(() => this.stopTask());
  }

  /** Kills all processes, like the loss of the machine. */
  kill(): void {
    this.leaving = true;
    this.serving = false;
    this.task?.kill();
    this.options.onChange();
  }

  /** Drains the machine and deletes its disk, like that of a spot machine, but not its logs. */
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

  /** Runs changes one after the other: a task must end before the next change starts. */
  private change(step: () => Promise<void>): Promise<void> {
    this.changes = this.changes.then(step).catch((error: unknown) => {
      console.error(`machine ${this.id}: ${(error as Error).message}`);
    });
    return this.changes;
  }

  /** Stops the task like ECS: no new requests, wait for requests in flight, then SIGTERM. */
  private async stopTask(): Promise<void> {
    const { task } = this;
    if (task === undefined) return;
    this.serving = false;
    await this.options.balanced?.leave(task);
    await task.stop();
    this.options.onChange();
  }

  /** Creates the folders that the processes mount, and the file that describes the machine. */
  private prepare({ volumes }: MachineSpec): void {
    const { folder, instance } = this.options;
    const machine: Machine = {
      instance_id: this.id,
      instance_type: 'laptop',
      capacity: 'local',
      availability_zone: instance.AvailabilityZone ?? '',
    };
    for (const [name, path] of Object.entries(volumes)) {
      const here = machinePath(folder, path);
      mkdirSync(name === MACHINE_VOLUME ? dirname(here) : here, { recursive: true });
      if (name === MACHINE_VOLUME) writeFileSync(here, JSON.stringify(machine));
    }
  }
}
