import {
  type AutoScalingClient,
  TerminateInstanceInAutoScalingGroupCommand,
} from '@aws-sdk/client-auto-scaling';
import type { MachineRow } from '../../../../core/contract/machine';
import { isEnding, isNoticed } from '../../../../core/fleet/watchdog';
import type { Log } from '../log';
import type { Heartbeat } from './heartbeat';

export interface MachineEndOptions {
  heartbeat: Pick<Heartbeat, 'leave'>;
  autoScaling: AutoScalingClient;
  instanceId: string;
  log: Log;
}

/** Ends this machine, with one less in its group. */
export class MachineEnd {
  private hasEnded = false;

  constructor(private readonly options: MachineEndOptions) {}

  /**
   * Ends the machine.
   *
   * @returns false if the sizer is already terminating it: the fleet must shrink by one, not two
   * @throws if Auto Scaling refuses
   */
  async end(): Promise<boolean> {
    const row = await this.options.heartbeat.leave();
    if (this.isLeftToSizer(row)) return false;
    await this.terminate();
    return true;
  }

  /**
   * Writes the last heartbeat of a worker that has returned its jobs. If AWS takes the machine back, it also ends the
   * machine: otherwise the group would replace it, whether there is work or not. Never throws.
   */
  async leave(): Promise<void> {
    const { heartbeat, log } = this.options;
    const row = await heartbeat.leave();
    if (!isNoticed(row, Date.now()) || this.isLeftToSizer(row)) return;
    try {
      await this.terminate();
      log.info('spot notice: the machine ends itself');
    } catch (error) {
      // Such as one that terminates already, or a group at its minimum, which then replaces it.
      log.warn({ err: error }, 'spot notice: the machine could not be ended, EC2 will do it');
    }
  }

  private isLeftToSizer(row: MachineRow | undefined): boolean {
    const isLeft = isEnding(row, Date.now());
    if (isLeft) this.options.log.info('the sizer of the fleet is ending this machine');
    return isLeft;
  }

  private async terminate(): Promise<void> {
    const { autoScaling, instanceId: InstanceId } = this.options;
    if (this.hasEnded) return;
    this.hasEnded = true;
    try {
      const request = { InstanceId, ShouldDecrementDesiredCapacity: true };
      await autoScaling.send(new TerminateInstanceInAutoScalingGroupCommand(request));
    } catch (error) {
      this.hasEnded = false;
      throw error;
    }
  }
}
