import type { MachineRow } from '../../../../core/contract/machine';
import { HEARTBEAT_SECONDS } from '../../../../core/contract/limits';
import type { MachineStore } from '../../../../core/fleet/machine-store';
import type { HeldJobs } from '../forecast/held-jobs';
import type { Health } from '../http/health';
import type { Log } from '../log';
import type { Receiver } from './receiver';

export interface HeartbeatOptions {
  machines: Pick<MachineStore, 'beat'>;
  instanceId: string;
  receiver: Pick<Receiver, 'busy' | 'idleSeconds' | 'readyAt'>;
  health: Pick<Health, 'modelsIdleSeconds'>;
  held: Pick<HeldJobs, 'state' | 'report'>;
  /** Idle time after which the machine ends itself, in seconds. */
  limitSeconds: () => number;
  /** Called after each regular heartbeat with the row, which includes the sizer's fields. */
  onBeat: (row: MachineRow) => void;
  log: Log;
  /** Period of checks for a change, in milliseconds. @default 1000 */
  periodMs?: number;
}

/** Shortest time before a heartbeat that reports other jobs, in milliseconds. */
const APART_MS = 2_000;

/**
 * Reports to the fleet sizer that this machine has a worker, how long the worker has been idle, which jobs it holds and
 * when they will be done: every minute, and within seconds when that changes. Without heartbeats, the sizer terminates
 * the machine.
 */
export class Heartbeat {
  private timer: NodeJS.Timeout | undefined;
  private stopped = false;
  private triedAt = -Infinity;
  /** What the sizer knows. */
  private written = { idle: 0, isReady: false, jobs: '' };
  private writing: Promise<unknown> = Promise.resolve();

  constructor(private readonly options: HeartbeatOptions) {}

  start(): void {
    void this.look();
  }

  stop(): void {
    this.stopped = true;
    clearTimeout(this.timer);
  }

  /**
   * Reports that this machine is about to leave the fleet, as if it were working: otherwise the sizer might terminate
   * it as well, and the fleet would shrink by two.
   *
   * @returns the row; undefined if it could not be written
   */
  leave(): Promise<MachineRow | undefined> {
    return this.beat(0);
  }

  private async look(): Promise<void> {
    const { periodMs = 1_000, onBeat } = this.options;
    if (await this.isDue()) {
      const row = await this.beat(await this.idleSeconds());
      if (row !== undefined && !this.stopped) onBeat(row);
    }
    if (!this.stopped) this.timer = setTimeout(() => void this.look(), periodMs);
  }

  private async isDue(): Promise<boolean> {
    const { receiver, held, limitSeconds } = this.options;
    const { idle, isReady, jobs } = this.written;
    const since = Date.now() - this.triedAt;
    if (since >= HEARTBEAT_SECONDS * 1000) return true;
    const hasChanged = held.state !== jobs || (receiver.readyAt !== undefined) !== isReady;
    if (hasChanged && since >= APART_MS) return true;
    if (idle === 0) return false;
    if (receiver.busy > 0) return true;
    // Only the model service knows its direct requests. It is asked when the sizer may terminate
    // the machine.
    return idle >= limitSeconds() && (await this.idleSeconds()) < idle;
  }

  private async idleSeconds(): Promise<number> {
    const { receiver, health } = this.options;
    return Math.floor(Math.min(receiver.idleSeconds, await health.modelsIdleSeconds()));
  }

  /** Writes after a running write, so that the last one stays. */
  private beat(idleSeconds: number): Promise<MachineRow | undefined> {
    const beat = this.writing.then(() => this.write(idleSeconds));
    this.writing = beat;
    return beat;
  }

  private async write(idle: number): Promise<MachineRow | undefined> {
    const { machines, instanceId, receiver, held, log } = this.options;
    const { readyAt: ready_at } = receiver;
    const jobs = held.state;
    this.triedAt = Date.now();
    try {
      const report = { idle_seconds: idle, ready_at, ...held.report() };
      const row = await machines.beat(instanceId, report, Date.now());
      this.written = { idle, isReady: ready_at !== undefined, jobs };
      return row;
    } catch (error) {
      log.warn({ err: error }, 'the heartbeat could not be written');
      return undefined;
    }
  }
}
