import { HEARTBEAT_SECONDS } from '../../../../core/contract/limits';
import type { MachineStore } from '../../../../core/fleet/machine-store';
import { isEnding } from '../../../../core/fleet/watchdog';
import type { Health } from '../http/health';
import type { Log } from '../log';
import type { Receiver } from './receiver';

export interface HeartbeatOptions {
  machines: Pick<MachineStore, 'beat'>;
  instanceId: string;
  receiver: Pick<Receiver, 'busy' | 'idleSeconds'>;
  health: Pick<Health, 'modelsIdleSeconds'>;
  /** Idle time after which the machine ends itself, in seconds. */
  limitSeconds: number;
  log: Log;
  /** Period of checks for a change, in milliseconds. @default 1000 */
  periodMs?: number;
}

/**
 * Reports to the fleet sizer that this machine has a worker, and how long the worker has been idle:
 * every minute, and immediately when work begins. Without heartbeats, the sizer terminates the
 * machine.
 */
export class Heartbeat {
  private timer: NodeJS.Timeout | undefined;
  private stopped = false;
  private triedAt = -Infinity;
  /** Idle seconds that the sizer knows. */
  private writtenIdle = 0;

  constructor(private readonly options: HeartbeatOptions) {}

  start(): void {
    void this.look();
  }

  stop(): void {
    this.stopped = true;
    clearTimeout(this.timer);
  }

  /**
   * Reports that this machine is about to terminate itself. Otherwise the sizer might terminate it
   * as well, and the fleet would shrink by two.
   *
   * @returns false if the sizer is already terminating it
   */
  async leave(): Promise<boolean> {
    const row = await this.beat(0);
    return !isEnding(row, Date.now());
  }

  private async look(): Promise<void> {
    const { periodMs = 1_000 } = this.options;
    const idle = await this.changedIdle();
    if (idle !== undefined) await this.beat(idle);
    if (!this.stopped) this.timer = setTimeout(() => void this.look(), periodMs);
  }

  /** Idle seconds, if they must be written now. */
  private async changedIdle(): Promise<number | undefined> {
    const { receiver, limitSeconds } = this.options;
    if (Date.now() - this.triedAt >= HEARTBEAT_SECONDS * 1000) return this.idleSeconds();
    if (this.writtenIdle === 0) return undefined;
    if (receiver.busy > 0) return 0;
    // Only the model service knows its direct requests. It is asked when the sizer may terminate
    // the machine.
    if (this.writtenIdle < limitSeconds) return undefined;
    const idle = await this.idleSeconds();
    return idle < this.writtenIdle ? idle : undefined;
  }

  private async idleSeconds(): Promise<number> {
    const { receiver, health } = this.options;
    return Math.floor(Math.min(receiver.idleSeconds, await health.modelsIdleSeconds()));
  }

  private async beat(idleSeconds: number) {
    const { machines, instanceId, log } = this.options;
    this.triedAt = Date.now();
    try {
      const row = await machines.beat(instanceId, idleSeconds, Date.now());
      this.writtenIdle = idleSeconds;
      return row;
    } catch (error) {
      log.warn({ err: error }, 'the heartbeat could not be written');
      return undefined;
    }
  }
}
