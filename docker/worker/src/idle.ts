import {
  type AutoScalingClient,
  TerminateInstanceInAutoScalingGroupCommand,
} from '@aws-sdk/client-auto-scaling';
import type { Log } from './log';
import type { JobQueue } from './queue';
import type { Receiver } from './receiver';

export interface IdleOptions {
  receiver: Pick<Receiver, 'idleSeconds' | 'drain' | 'start'>;
  queue: Pick<JobQueue, 'backlog'>;
  autoScaling: AutoScalingClient;
  instanceId: string;
  /** Idle time after which the machine ends itself, in seconds. */
  limitSeconds: number;
  log: Log;
  /** How often to look. @default 1000 */
  periodMs?: number;
}

/** Ends this machine, and lowers the fleet with it, when there has been no work for long enough. */
export class IdleWatch {
  private timer: NodeJS.Timeout | undefined;
  /** Idle time counts from here after a refused end, so as not to ask again every second. */
  private since = 0;
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

  private get idle(): boolean {
    const { receiver, limitSeconds } = this.options;
    return receiver.idleSeconds >= limitSeconds && Date.now() - this.since >= limitSeconds * 1000;
  }

  private async look(): Promise<void> {
    const { receiver, log } = this.options;
    if (this.idle) {
      // Nothing is received from here on: no job can begin between the last look at the queue and the end.
      await receiver.drain();
      if (this.stopped) return;
      try {
        if (this.idle && (await this.endMachine())) return;
      } catch (error) {
        log.warn({ err: error }, 'the machine could not be ended: going on');
      }
      this.since = Date.now();
      if (!this.stopped) receiver.start();
    }
    if (!this.stopped) this.start();
  }

  private async endMachine(): Promise<boolean> {
    const { queue, autoScaling, instanceId, receiver, log } = this.options;
    const backlog = await queue.backlog();
    if (backlog > 0) {
      log.info({ backlog }, 'idle, but messages have come');
      return false;
    }
    await autoScaling.send(
      new TerminateInstanceInAutoScalingGroupCommand({
        InstanceId: instanceId,
        ShouldDecrementDesiredCapacity: true,
      }),
    );
    log.info({ idle_seconds: Math.round(receiver.idleSeconds) }, 'idle: the machine ends itself');
    return true;
  }
}
