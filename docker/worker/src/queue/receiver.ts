import { setTimeout as sleep } from 'node:timers/promises';
import type { Health } from '../http/health';
import type { Log } from '../log';
import type { Delivery, JobQueue } from './queue';

export interface ReceiverOptions {
  queue: Pick<JobQueue, 'receive'>;
  handle: (delivery: Delivery) => Promise<void>;
  health: Health;
  log: Log;
  /** Jobs in hand at once: one with the model, the others being made ready for it. */
  slots: number;
  /** Longest wait of one request for a message, 20 at most. */
  waitSeconds: number;
  /** Pause before another look at what is not ready. @default 500 */
  unreadyMs?: number;
  /** Pause after the queue did not answer. @default 5000 */
  failureMs?: number;
}

/** How long a request may last beyond its wait before it is broken off, when the loops are to end. */
const GRACE_SECONDS = 5;

/**
 * Receives messages, one for each slot, while work can be taken. A loop of our own, because it has to wait for the
 * model, to end without losing a message on the wire, and to begin again.
 */
export class Receiver {
  /** Messages in hand. */
  busy = 0;
  /** Epoch milliseconds of the end of the last work, at first of the first readiness; undefined before. */
  lastWork: number | undefined;
  private loops: Promise<unknown> = Promise.resolve();
  /** Ends waits for readiness, and the loops after the request that is under way. */
  private leaving = new AbortController();
  /** Ends requests that do not run out. */
  private aborting = new AbortController();

  constructor(private readonly options: ReceiverOptions) {}

  get idleSeconds(): number {
    return this.busy > 0 || this.lastWork === undefined ? 0 : (Date.now() - this.lastWork) / 1000;
  }

  start(): void {
    this.leaving = new AbortController();
    this.aborting = new AbortController();
    const slots = Array.from({ length: this.options.slots }, () => this.receive());
    this.loops = Promise.all(slots);
  }

  /**
   * Receives no more; resolves when what was received, also just now, has been handled. Requests for messages are
   * let run out: a message that is on its way when its request is broken off is hidden from everybody for a while.
   */
  async drain(): Promise<void> {
    this.leaving.abort();
    const late = setTimeout(() => this.aborting.abort(), (this.options.waitSeconds + GRACE_SECONDS) * 1000);
    await this.loops;
    clearTimeout(late);
  }

  private async receive(): Promise<void> {
    const { queue, health, log, waitSeconds, unreadyMs = 500, failureMs = 5_000 } = this.options;
    const leaving = this.leaving.signal;
    while (!leaving.aborted) {
      if (!(await health.check())) {
        await pause(unreadyMs, leaving);
        continue;
      }
      this.lastWork ??= Date.now();
      try {
        const delivery = await queue.receive(waitSeconds, this.aborting.signal);
        health.queueAnswers();
        if (delivery !== undefined) await this.handle(delivery);
      } catch (error) {
        if (this.aborting.signal.aborted) return;
        health.queueAnswers((error as Error).message);
        log.error({ err: error }, 'the queue does not answer');
        await pause(failureMs, leaving);
      }
    }
  }

  /** Counts work that comes by another way: a machine is not idle while it is under way. */
  async during<T>(work: () => Promise<T>): Promise<T> {
    this.busy++;
    try {
      return await work();
    } finally {
      this.busy--;
      this.lastWork = Date.now();
    }
  }

  private async handle(delivery: Delivery): Promise<void> {
    try {
      await this.during(() => this.options.handle(delivery));
    } catch (error) {
      // The message comes back when its visibility lapses.
      this.options.log.error({ err: error }, 'message could not be brought to an end');
    }
  }
}

const pause = (ms: number, signal: AbortSignal) => sleep(ms, undefined, { signal }).catch(() => undefined);
