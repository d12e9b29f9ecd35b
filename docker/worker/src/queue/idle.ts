import {
  type AutoScalingClient,
  TerminateInstanceInAutoScalingGroupCommand,
} from '@aws-sdk/client-auto-scaling';
import type { Health } from '../http/health';
import type { Heartbeat } from './heartbeat';
import type { Log } from '../log';
import type { JobQueue } from './queue';
import type { Receiver } from './receiver';

export interface IdleOptions {
  receiver: Pick<Receiver, 'idleSeconds' | 'busy' | 'drain' | 'start'>;
  health: Pick<Health, 'unfitSeconds' | 'reasons' | 'modelsIdleSeconds'>;
  queue: Pick<JobQueue, 'backlog'>;
  heartbeat: Pick<Heartbeat, 'leave'>;
  autoScaling: AutoScalingClient;
  instanceId: string;
  /** Idle time after which the machine ends itself, in seconds. */
  limitSeconds: number;
  /**
   * Time without being able to take work after which the machine ends itself, in seconds: longer than a model may take to
   * load, and short of the half an hour after which an alarm tells that jobs wait. @default 1200
   */
  unfitSeconds?: number;
  log: Log;
  /** How often to look. @default 1000 */
  periodMs?: number;
}

/**
 * Ends this machine, and lowers the fleet with it, when there has been no work for long enough, neither jobs nor requests
 * in place; or when it could take no jobs for long enough, whatever waits: another machine, which the waiting jobs then ask
 * for, may be well.
 */
export class IdleWatch {
  private timer: NodeJS.Timeout | undefined;
  /** Idle time counts from here after a refused end, so as not to ask again every second. */
  private since = 0;
  /** The same for a machine that can take no work. */
  private unfitSince = 0;
  private stopped = false;

  constructor(private readonly options: IdleOptions) {}

  start(): void {
    const { periodMs = 1_000 } = this.options;
    this.timer = setTimeout(() => void this.look(), periodMs);
  }

  stop(): void {
    this.stopped = true;
    clearTimeout(this.timer);
  }

  private async idle(): Promise<boolean> {
    const { receiver, health, limitSeconds } = this.options;
    return (
      receiver.idleSeconds >= limitSeconds &&
      Date.now() - this.since >= limitSeconds * 1000 &&
      (await health.modelsIdleSeconds()) >= limitSeconds
    );
  }

  private get unfit(): boolean {
    const { receiver, health, unfitSeconds = 1_200 } = this.options;
    return (
      receiver.busy === 0 &&
      health.unfitSeconds >= unfitSeconds &&
      Date.now() - this.unfitSince >= unfitSeconds * 1000
    );
  }

  private async look(): Promise<void> {
    const { receiver, log } = this.options;
    const { unfit } = this;
    if (unfit || (await this.idle())) {
      // Nothing is received from here on: no job can begin between the last look at the queue and the end.
      await receiver.drain();
      if (this.stopped) return;
      try {
        if (await this.endMachine()) return;
      } catch (error) {
        log.warn({ err: error }, 'the machine could not be ended: going on');
      }
      this.since = Date.now();
      if (unfit) this.unfitSince = Date.now();
      if (!this.stopped) receiver.start();
    }
    if (!this.stopped) this.start();
  }

  private async endMachine(): Promise<boolean> {
    const { queue, heartbeat, autoScaling, instanceId, receiver, health, log } = this.options;
    const { unfit } = this;
    if (!unfit && !(await this.idle())) return false;
    const backlog = unfit ? 0 : await queue.backlog();
    if (backlog > 0) {
      log.info({ backlog }, 'idle, but messages have come');
      return false;
    }
    if (!(await heartbeat.leave())) {
      log.info('the sizer of the fleet is ending this machine');
      return false;
    }
    await autoScaling.send(
      new TerminateInstanceInAutoScalingGroupCommand({
        InstanceId: instanceId,
        ShouldDecrementDesiredCapacity: true,
      }),
    );
    if (unfit)
      log.error({ reasons: health.reasons }, 'the machine could take no work for too long and ends itself');
    else log.info({ idle_seconds: Math.round(receiver.idleSeconds) }, 'idle: the machine ends itself');
    return true;
  }
}
