import {
  type AutoScalingClient,
  DescribeAutoScalingGroupsCommand,
  type Instance,
  SetDesiredCapacityCommand,
  SuspendProcessesCommand,
  TerminateInstanceInAutoScalingGroupCommand,
  UpdateAutoScalingGroupCommand,
} from '@aws-sdk/client-auto-scaling';

export interface GroupState {
  desired: number;
  minSize: number;
  maxSize: number;
  machines: {
    id: string;
    /** It is in service, and not protected from scale-in. */
    endable: boolean;
  }[];
  /** Names of the group's suspended processes, such as `AZRebalance`. */
  suspended: string[];
}

/** The Auto Scaling group of a fleet. */
export class FleetGroup {
  constructor(
    private readonly client: AutoScalingClient,
    private readonly name: string,
  ) {}

  async describe(): Promise<GroupState> {
    const { AutoScalingGroups = [] } = await this.client.send(
      new DescribeAutoScalingGroupsCommand({ AutoScalingGroupNames: [this.name] }),
    );
    const [group] = AutoScalingGroups;
    if (group === undefined) throw new Error(`There is no Auto Scaling group ${this.name}`);
    return {
      desired: group.DesiredCapacity ?? 0,
      minSize: group.MinSize ?? 0,
      maxSize: group.MaxSize ?? 0,
      machines: (group.Instances ?? []).map((instance) => ({
        id: instance.InstanceId ?? '',
        endable: isEndable(instance),
      })),
      suspended: (group.SuspendedProcesses ?? []).map(({ ProcessName }) => ProcessName ?? ''),
    };
  }

  /** Sets the number of machines. Never call it with less than the group has: Auto Scaling would choose which to end. */
  async raise(desired: number): Promise<void> {
    await this.client.send(
      new SetDesiredCapacityCommand({
        AutoScalingGroupName: this.name,
        DesiredCapacity: desired,
        HonorCooldown: false,
      }),
    );
  }

  /** Moves the bounds of the group's size. Auto Scaling raises the number of machines to the lower one. */
  async bound(minSize: number, maxSize: number): Promise<void> {
    await this.client.send(
      new UpdateAutoScalingGroupCommand({
        AutoScalingGroupName: this.name,
        MinSize: minSize,
        MaxSize: maxSize,
      }),
    );
  }

  /** Suspends one process. Without a name Auto Scaling would suspend all of them. */
  async suspend(process: string): Promise<void> {
    await this.client.send(
      new SuspendProcessesCommand({ AutoScalingGroupName: this.name, ScalingProcesses: [process] }),
    );
  }

  /** Ends a machine. @param decrement whether its place goes with it */
  async end(id: string, decrement: boolean): Promise<void> {
    await this.client.send(
      new TerminateInstanceInAutoScalingGroupCommand({
        InstanceId: id,
        ShouldDecrementDesiredCapacity: decrement,
      }),
    );
  }
}

const isEndable = ({ LifecycleState, ProtectedFromScaleIn }: Instance): boolean =>
  LifecycleState === 'InService' && ProtectedFromScaleIn !== true;
