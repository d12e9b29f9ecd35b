import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import {
  AutoScalingClient,
  DescribeAutoScalingGroupsCommand,
  type Instance,
} from '@aws-sdk/client-auto-scaling';
import {
  type ContainerDefinition,
  DescribeServicesCommand,
  DescribeTaskDefinitionCommand,
  ECSClient,
  ListServicesCommand,
  type TaskDefinition,
} from '@aws-sdk/client-ecs';
import { ENV, type Machine, OUTPUT } from '../lambda/contract';
import type { BalancedService } from './balanced-service';
import type { Command } from './commands';
import { clientConfiguration, clientEnvironment } from './emulator';
import type { LocalMachine } from './state';
import { LocalTask, machinePath } from './task';

const POLL_MS = 400;

export interface FleetOptions {
  endpoint: string;
  /** Outputs of the path's stack. */
  outputs: Record<string, string>;
  /** Folder for the machines' disks and logs. */
  folder: string;
  commandOf: (container: ContainerDefinition) => Command;
  /** Sends requests to the machines. @default - nobody does */
  balanced?: BalancedService;
  onChange: () => void;
}

interface LocalInstance {
  task: LocalTask;
  revision: string;
}

/**
 * Plays EC2 and ECS: for every instance of the path's Auto Scaling group it runs the service's task. An instance that is
 * gone has its task stopped; a new revision takes the old one's place.
 */
export class LocalFleet {
  private readonly autoScaling: AutoScalingClient;
  private readonly ecs: ECSClient;
  private readonly instances = new Map<string, LocalInstance>();
  private readonly leaving = new Set<Promise<void>>();
  private stopping = false;
  private loop = Promise.resolve();
  private wakeUp: () => void = () => undefined;

  constructor(private readonly options: FleetOptions) {
    const client = clientConfiguration(options.endpoint);
    this.autoScaling = new AutoScalingClient(client);
    this.ecs = new ECSClient(client);
  }

  start() {
    this.loop = this.follow();
  }

  async stop(): Promise<void> {
    this.stopping = true;
    this.wakeUp();
    await this.loop;
    await Promise.all([...this.instances.keys()].map((id) => this.end(id)));
    await Promise.all(this.leaving);
  }

  machines(): LocalMachine[] {
    return [...this.instances].map(([id, { task }]) => ({
      id,
      containers: [...task.containers].map(([name, { process, port, log }]) => ({
        name,
        pid: process.running ? process.started.pid : undefined,
        running: process.running,
        port,
        log,
      })),
    }));
  }

  /** Every process of every machine. */
  processes() {
    return [...this.instances.values()].flatMap(({ task }) =>
      [...task.containers.values()]
        .filter(({ process }) => process.running)
        .map(({ process }) => process.started),
    );
  }

  private async follow(): Promise<void> {
    while (!this.stopping) {
      try {
        await this.reconcile();
      } catch (error) {
        // The stack may be on its way in or out: look again in a moment.
        if (!this.stopping) console.error(`fleet: ${(error as Error).message}`);
      }
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, POLL_MS);
        this.wakeUp = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  }

  private async reconcile(): Promise<void> {
    const wanted = await this.wantedInstances();
    const ids = new Set(wanted.map(({ InstanceId }) => InstanceId));
    for (const id of this.instances.keys()) if (!ids.has(id)) this.leave(id);
    if (wanted.length === 0) return;
    const definition = await this.taskDefinition();
    if (definition === undefined) return;
    const revision = definition.taskDefinitionArn ?? '';
    for (const instance of wanted) {
      const id = instance.InstanceId ?? '';
      const current = this.instances.get(id);
      if (current?.revision === revision) continue;
      if (current !== undefined) await this.end(id);
      if (this.stopping) return;
      this.instances.set(id, { task: this.boot(id, instance, definition), revision });
      this.changed();
    }
  }

  /** A process has started or ended. */
  private readonly changed = () => {
    this.options.balanced?.follow([...this.instances.values()].map(({ task }) => task));
    this.options.onChange();
  };

  private boot(id: string, instance: Instance, definition: TaskDefinition): LocalTask {
    const folder = join(this.options.folder, id);
    const machine: Machine = {
      instance_id: id,
      instance_type: 'laptop',
      capacity: 'local',
      availability_zone: instance.AvailabilityZone ?? '',
    };
    const about = hostPathOfMachineFile(definition);
    for (const { host } of definition.volumes ?? []) {
      if (host?.sourcePath !== undefined && host.sourcePath !== about) {
        mkdirSync(machinePath(folder, host.sourcePath), { recursive: true });
      }
    }
    if (about !== undefined) {
      mkdirSync(dirname(machinePath(folder, about)), { recursive: true });
      writeFileSync(machinePath(folder, about), JSON.stringify(machine));
    }
    return new LocalTask({
      definition,
      folder,
      aws: clientEnvironment(this.options.endpoint),
      commandOf: this.options.commandOf,
      onChange: this.changed,
    });
  }

  /** Stops a machine without holding up the others. */
  private leave(id: string) {
    const end = this.end(id).finally(() => this.leaving.delete(end));
    this.leaving.add(end);
  }

  private async end(id: string): Promise<void> {
    const instance = this.instances.get(id);
    this.instances.delete(id);
    // As ECS does: what is under way ends before SIGTERM comes.
    if (instance !== undefined) await this.options.balanced?.leave(instance.task);
    await instance?.task.stop();
    // A spot machine's disk goes with it; its logs stay.
    rmSync(machinePath(join(this.options.folder, id), '/'), { recursive: true, force: true });
    this.changed();
  }

  private async wantedInstances(): Promise<Instance[]> {
    const names = [this.options.outputs[OUTPUT.fleetName] ?? ''];
    const { AutoScalingGroups = [] } = await this.autoScaling.send(
      new DescribeAutoScalingGroupsCommand({ AutoScalingGroupNames: names }),
    );
    return (AutoScalingGroups[0]?.Instances ?? []).filter(
      ({ LifecycleState }) => LifecycleState === 'InService',
    );
  }

  /** The task definition that the cluster's service runs at present. */
  private async taskDefinition(): Promise<TaskDefinition | undefined> {
    const cluster = this.options.outputs[OUTPUT.clusterName];
    const { serviceArns = [] } = await this.ecs.send(new ListServicesCommand({ cluster }));
    if (serviceArns.length === 0) return undefined;
    const { services = [] } = await this.ecs.send(
      new DescribeServicesCommand({ cluster, services: serviceArns }),
    );
    const taskDefinition = services[0]?.taskDefinition;
    if (taskDefinition === undefined) return undefined;
    const described = await this.ecs.send(new DescribeTaskDefinitionCommand({ taskDefinition }));
    return described.taskDefinition;
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
