import { join } from 'node:path';
import {
  AutoScalingClient,
  DescribeAutoScalingGroupsCommand,
  type Instance,
  TerminateInstanceInAutoScalingGroupCommand,
} from '@aws-sdk/client-auto-scaling';
import {
  type ContainerDefinition,
  DescribeServicesCommand,
  DescribeTaskDefinitionCommand,
  ECSClient,
  ListServicesCommand,
  type TaskDefinition,
} from '@aws-sdk/client-ecs';
import { OUTPUT } from '../core/contract/environment';
import type { BalancedService } from './balancer/balanced-service';
import type { Command } from './machine/commands';
import { toReplace } from './machine/deployment';
import { clientConfiguration, clientEnvironment } from './emulator';
import { LocalInstance } from './machine/instance';
import type { LocalMachine } from './state';

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

/** What the path's service is to run. */
interface Service {
  definition: TaskDefinition;
  /** Share of the tasks that stay healthy while others are replaced, in percent. */
  leastHealthyPercent: number;
}

/**
 * Plays EC2 and ECS: for every instance of the path's Auto Scaling group it runs the service's task. An instance that is
 * gone has its task stopped, and so has one with a spot notice, which is gone when its time has come; a new revision takes
 * the old one's place where enough others are healthy.
 */
export class LocalFleet {
  private readonly autoScaling: AutoScalingClient;
  private readonly ecs: ECSClient;
  private readonly instances = new Map<string, LocalInstance>();
  /** Machines that are gone from the group, until they have ended. */
  private readonly leaving = new Map<LocalInstance, Promise<void>>();
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
    for (const instance of this.instances.values()) this.leave(instance);
    await Promise.all(this.leaving.values());
  }

  /** Those that stay come first. */
  machines(): LocalMachine[] {
    const machines = [...this.instances.values()].map((instance) => instance.describe());
    return [...machines.filter(({ leaving }) => !leaving), ...machines.filter(({ leaving }) => leaving)];
  }

  /** Every process of every machine. */
  processes() {
    return [...this.instances.values()].flatMap((instance) => instance.processes());
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
    for (const instance of this.instances.values()) if (!ids.has(instance.id)) this.leave(instance);
    await this.heedNotices();
    if (wanted.length === 0) return;
    const service = await this.service();
    if (service === undefined || this.stopping) return;
    for (const instance of wanted) this.boot(instance, service.definition);
    const revision = service.definition.taskDefinitionArn ?? '';
    const staying = [...this.instances.values()].filter(({ leaving }) => !leaving);
    for (const instance of toReplace(staying, revision, service.leastHealthyPercent))
      void instance.run(service.definition);
  }

  /** A process has started or ended. */
  private readonly changed = () => {
    this.options.balanced?.follow([...this.instances.values()].flatMap(({ served }) => served));
    this.options.onChange();
  };

  private boot(instance: Instance, definition: TaskDefinition): void {
    const id = instance.InstanceId ?? '';
    if (this.instances.has(id)) return;
    const { endpoint, folder, commandOf, balanced } = this.options;
    const made = new LocalInstance({
      ...{ instance, folder: join(folder, id), commandOf, balanced, onChange: this.changed },
      aws: clientEnvironment(endpoint),
    });
    this.instances.set(id, made);
    void made.run(definition);
  }

  /** Has machines with a spot notice drain, and takes them from the group when their time has come. */
  private async heedNotices(): Promise<void> {
    for (const instance of this.instances.values()) {
      const { gone } = instance;
      if (gone === undefined || this.leaving.has(instance)) continue;
      if (!instance.leaving) void instance.drain();
      if (gone.getTime() > Date.now()) continue;
      instance.kill();
      // The group keeps its size: EC2 brings another machine.
      await this.autoScaling.send(
        new TerminateInstanceInAutoScalingGroupCommand({
          InstanceId: instance.id,
          ShouldDecrementDesiredCapacity: false,
        }),
      );
      this.leave(instance);
    }
  }

  /** Ends a machine without holding up the others. */
  private leave(instance: LocalInstance) {
    if (this.leaving.has(instance)) return;
    const end = instance.end().finally(() => {
      this.instances.delete(instance.id);
      this.leaving.delete(instance);
      this.changed();
    });
    this.leaving.set(instance, end);
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

  /** The cluster's service as it is at present. */
  private async service(): Promise<Service | undefined> {
    const cluster = this.options.outputs[OUTPUT.clusterName];
    const { serviceArns = [] } = await this.ecs.send(new ListServicesCommand({ cluster }));
    if (serviceArns.length === 0) return undefined;
    const { services = [] } = await this.ecs.send(
      new DescribeServicesCommand({ cluster, services: serviceArns }),
    );
    const { taskDefinition, deploymentConfiguration } = services[0] ?? {};
    if (taskDefinition === undefined) return undefined;
    const described = await this.ecs.send(new DescribeTaskDefinitionCommand({ taskDefinition }));
    if (described.taskDefinition === undefined) return undefined;
    return {
      definition: described.taskDefinition,
      leastHealthyPercent: deploymentConfiguration?.minimumHealthyPercent ?? 0,
    };
  }
}
