import { join } from 'node:path';
import {
  AutoScalingClient,
  DescribeAutoScalingGroupsCommand,
  type Instance,
  TerminateInstanceInAutoScalingGroupCommand,
} from '@aws-sdk/client-auto-scaling';
import { SSMClient } from '@aws-sdk/client-ssm';
import { OUTPUT } from '../core/contract/environment';
import type { ProcessExec } from '../core/contract/machine-spec';
import type { BalancedService } from './balancer/balanced-service';
import type { Command } from './machine/commands';
import { type DeployedMachine, readDeployedMachine } from './machine/deployed-machine';
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
  commandOf: (exec: ProcessExec) => Promise<Command>;
  /** Sends requests to the machines. @default - no load balancer */
  balanced?: BalancedService;
  onChange: () => void;
}

/**
 * Emulates EC2 and ECS: runs the deployed processes for every instance of the path's Auto Scaling
 * group. Stops those of an instance that was terminated or got a spot notice, and terminates the
 * latter at the notice's time. Replaces processes of an old revision while enough machines are
 * healthy.
 */
export class LocalFleet {
  private readonly autoScaling: AutoScalingClient;
  private readonly ssm: SSMClient;
  private readonly instances = new Map<string, LocalInstance>();
  /** Machines that left the group but have not ended yet. */
  private readonly leaving = new Map<LocalInstance, Promise<void>>();
  private stopping = false;
  private loop = Promise.resolve();
  private wakeUp: () => void = () => undefined;

  constructor(private readonly options: FleetOptions) {
    this.autoScaling = new AutoScalingClient(clientConfiguration(options.endpoint));
    this.ssm = new SSMClient(clientConfiguration(options.endpoint));
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

  /** All machines; those that are leaving come last. */
  machines(): LocalMachine[] {
    const machines = [...this.instances.values()].map((instance) => instance.describe());
    return [...machines.filter(({ leaving }) => !leaving), ...machines.filter(({ leaving }) => leaving)];
  }

  /** All processes of all machines. */
  processes() {
    return [...this.instances.values()].flatMap((instance) => instance.processes());
  }

  private async follow(): Promise<void> {
    while (!this.stopping) {
      try {
        await this.reconcile();
      } catch (error) {
        // The stack may be in creation or deletion: retry in a moment.
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
    await this.handleSpotNotices();
    if (wanted.length === 0) return;
    const { outputs } = this.options;
    const deployed = await readDeployedMachine(this.ssm, outputs[OUTPUT.machine] ?? '');
    if (deployed === undefined || this.stopping) return;
    for (const instance of wanted) this.boot(instance, deployed);
    const staying = [...this.instances.values()].filter(({ leaving }) => !leaving);
    const { revision, spec } = deployed;
    for (const instance of toReplace(staying, revision, spec.min_healthy_percent ?? 0))
      void instance.run(deployed);
  }

  /** Called when a process has started or ended. */
  private readonly changed = () => {
    this.options.balanced?.follow([...this.instances.values()].flatMap(({ served }) => served));
    this.options.onChange();
  };

  private boot(instance: Instance, deployed: DeployedMachine): void {
    const id = instance.InstanceId ?? '';
    if (this.instances.has(id)) return;
    const { endpoint, folder, commandOf, balanced } = this.options;
    const made = new LocalInstance({
      ...{ instance, folder: join(folder, id), commandOf, balanced, onChange: this.changed },
      aws: clientEnvironment(endpoint),
    });
    this.instances.set(id, made);
    void made.run(deployed);
  }

  /** Drains machines with a spot notice, and terminates them at the notice's time. */
  private async handleSpotNotices(): Promise<void> {
    for (const instance of this.instances.values()) {
      const { gone } = instance;
      if (gone === undefined || this.leaving.has(instance)) continue;
      if (!instance.leaving) void instance.drain();
      if (gone.getTime() > Date.now()) continue;
      instance.kill();
      // The group keeps its size, so EC2 launches another machine.
      await this.autoScaling.send(
        new TerminateInstanceInAutoScalingGroupCommand({
          InstanceId: instance.id,
          ShouldDecrementDesiredCapacity: false,
        }),
      );
      this.leave(instance);
    }
  }

  /** Ends a machine without blocking the others. */
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
}
