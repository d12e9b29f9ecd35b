import type { Health } from '../http/health';
import type { Log } from '../log';
import type { MachineEnd } from './machine-end';
import type { JobQueue } from './queue';
import type { Receiver } from './receiver';

export interface IdleOptions {
  receiver: Pick<Receiver, 'idleSeconds' | 'busy' | 'drain' | 'start'>;
  health: Pick<Health, 'unfitSeconds' | 'reasons' | 'modelsIdleSeconds'>;
  queue: Pick<JobQueue, 'backlog'>;
  machineEnd: Pick<MachineEnd, 'end'>;
  /** Whether the sizer wants this machine to take no more jobs, and to end. */
  isDraining: () => boolean;
  /** Idle time after which the machine terminates itself, in seconds. */
  limitSeconds: () => number;
  /**
   * Time in seconds after which a machine that cannot take work terminates itself: longer than
   * loading a model, and shorter than the 30 minutes after which an alarm reports waiting jobs.
   * @default 1200
   */
  unfitSeconds?: number;
  log: Log;
  /** Period of checks, in milliseconds. @default 1000 */
  periodMs?: number;
}

/** Pause after a refused end of a draining machine, in milliseconds. */
const REFUSED_MS = 60_000;

/**
 * Terminates this machine and reduces the fleet when there have been no jobs and no synchronous
 * requests for long enough. It also does so when the machine could not take jobs for long enough,
 * even if jobs wait: they start another machine, which may be healthy. A machine that drains ends after its last job.
 */
export class IdleWatch {
  private timer: NodeJS.Timeout | undefined;
  /** Start of the idle time after a refused termination, to avoid a request every second. */
  private since = 0;
  /** The same for a machine that cannot take work. */
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
    const { receiver, health } = this.options;
    const limitSeconds = this.options.limitSeconds();
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

  private get mustDrain(): boolean {
    return this.options.isDraining() && Date.now() - this.since >= REFUSED_MS;
  }

  private async look(): Promise<void> {
    const { receiver, log, isDraining } = this.options;
    const { unfit } = this;
    if (this.mustDrain || unfit || (await this.idle())) {
      // Receive no more messages, so that no job begins between the last check of the queue and the
      // termination.
      await receiver.drain();
      if (this.stopped) return;
      try {
        if (await this.endMachine()) return;
      } catch (error) {
        log.warn({ err: error }, 'the machine could not be ended: continuing');
      }
      this.since = Date.now();
      if (unfit) this.unfitSince = Date.now();
      if (!this.stopped && !isDraining()) receiver.start();
    }
    if (!this.stopped) this.start();
  }

  private async endMachine(): Promise<boolean> {
    const { queue, machineEnd, receiver, health, log } = this.options;
    const { unfit, mustDrain } = this;
    if (!unfit && !mustDrain && !(await this.idle())) return false;
    const backlog = unfit || mustDrain ? 0 : await queue.backlog();
    if (backlog > 0) {
      log.info({ backlog }, 'idle, but messages have come');
      return false;
    }
    if (!(await machineEnd.end())) return false;
    if (unfit)
      log.error({ reasons: health.reasons }, 'the machine could take no work for too long and ends itself');
    else if (mustDrain) log.info('drained: the machine ends itself');
    else log.info({ idle_seconds: Math.round(receiver.idleSeconds) }, 'idle: the machine ends itself');
    return true;
  }
}
