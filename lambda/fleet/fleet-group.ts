import {
  type AutoScalingClient,
  DescribeAutoScalingGroupsCommand,
  DescribeScalingActivitiesCommand,
  type Instance,
  ResumeProcessesCommand,
  SetDesiredCapacityCommand,
  SuspendProcessesCommand,
  TerminateInstanceInAutoScalingGroupCommand,
  UpdateAutoScalingGroupCommand,
} from '@aws-sdk/client-auto-scaling';
import { type LaunchFailure, plainMessage } from '../../core/fleet/shortage';

/** Beginning of the reason of a suspension that a request of the account has caused. */
const BY_USER = 'User suspended';

export interface GroupState {
  desired: number;
  minSize: number;
  maxSize: number;
  machines: {
    id: string;
    /** Such as `g4dn.xlarge`. */
    type?: string;
    /** Whether it is terminating, so that the desired capacity no longer counts it. */
    terminating: boolean;
    /** Whether it is in service and not protected from scale-in. */
    endable: boolean;
  }[];
  /** Names of the group's suspended processes, such as `AZRebalance`. */
  suspended: string[];
  /** Those that AWS has suspended: after 24 hours of failed launches it suspends a group. */
  suspendedByAws: string[];
}

/** How many activities are searched for a failed launch. Terminations may be among them. */
const ACTIVITIES = 10;

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
    if (group === undefined) throw new Error(`The Auto Scaling group ${this.name} does not exist`);
    const { SuspendedProcesses: processes = [] } = group;
    return {
      desired: group.DesiredCapacity ?? 0,
      minSize: group.MinSize ?? 0,
      maxSize: group.MaxSize ?? 0,
      machines: (group.Instances ?? []).map((instance) => ({
        id: instance.InstanceId ?? '',
        type: instance.InstanceType,
        terminating: instance.LifecycleState?.startsWith('Terminat') === true,
        endable: isEndable(instance),
      })),
      suspended: processes.map(({ ProcessName }) => ProcessName ?? ''),
      suspendedByAws: processes
        .filter(({ SuspensionReason = BY_USER }) => !SuspensionReason.startsWith(BY_USER))
        .map(({ ProcessName }) => ProcessName ?? ''),
    };
  }

  /** The newest launch that failed, if it is one of the latest activities. */
  async newestFailure(): Promise<LaunchFailure | undefined> {
    const { Activities = [] } = await this.client.send(
      new DescribeScalingActivitiesCommand({ AutoScalingGroupName: this.name, MaxRecords: ACTIVITIES }),
    );
    const failed = Activities.find(
      ({ StatusCode, Description = '' }) => StatusCode === 'Failed' && Description.startsWith('Launching'),
    );
    if (failed?.StartTime === undefined) return undefined;
    const message = plainMessage(failed.StatusMessage ?? failed.Description ?? '');
    return { message, at: failed.StartTime.getTime() };
  }

  /**
   * Sets the number of machines. It must not be lower than the current one, because Auto Scaling
   * would choose the machines to terminate.
   */
  async raise(desired: number): Promise<void> {
    await this.client.send(
      new SetDesiredCapacityCommand({
        AutoScalingGroupName: this.name,
        DesiredCapacity: desired,
        HonorCooldown: false,
      }),
    );
  }

  /**
   * Sets the minimum and the maximum size of the group. Auto Scaling launches machines up to the
   * minimum.
   */
  async bound(minSize: number, maxSize: number): Promise<void> {
    await this.client.send(
      new UpdateAutoScalingGroupCommand({
        AutoScalingGroupName: this.name,
        MinSize: minSize,
        MaxSize: maxSize,
      }),
    );
  }

  /** Suspends one process. Without a name, Auto Scaling would suspend all processes. */
  async suspend(process: string): Promise<void> {
    await this.client.send(
      new SuspendProcessesCommand({ AutoScalingGroupName: this.name, ScalingProcesses: [process] }),
    );
  }

  /** Resumes processes. Without a name, Auto Scaling would resume all of them. */
  async resume(processes: readonly [string, ...string[]]): Promise<void> {
    await this.client.send(
      new ResumeProcessesCommand({ AutoScalingGroupName: this.name, ScalingProcesses: [...processes] }),
    );
  }

  /**
   * Terminates a machine. @param decrement whether to lower the desired capacity, so it is not
   * replaced
   */
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
