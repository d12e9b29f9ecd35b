import { setTimeout as sleep } from 'node:timers/promises';
import type { Health } from '../http/health';
import type { Log } from '../log';
import type { Delivery, JobQueue } from './queue';

export interface ReceiverOptions {
  queue: Pick<JobQueue, 'receive'>;
  handle: (delivery: Delivery) => Promise<void>;
  health: Health;
  log: Log;
  /** Number of model services, for each of which a job is taken. */
  services: number;
  /** Whether one more job may be taken beside those. @param taken number of jobs that were taken */
  mayTakeEarly: (taken: number) => boolean;
  /** Longest wait of a ReceiveMessage request, in seconds, at most 20. */
  waitSeconds: number;
  /** Pause in milliseconds while the worker cannot take work. @default 500 */
  unreadyMs?: number;
  /** Pause in milliseconds after a failure of the queue. @default 5000 */
  failureMs?: number;
}

/** Time that a request may take longer than its wait before it is aborted, when the loops stop. */
const GRACE_SECONDS = 5;

/**
 * Receives messages while the worker can take work: one for each service, and more for the jobs that come
 * next or share a service. It asks for one message at a time: the next one depends on what the last one is. It does
 * not use a library, because it must wait for the model, stop without losing a message in transfer, and
 * start again.
 */
export class Receiver {
  /** Number of messages and requests being processed. */
  busy = 0;
  /**
   * End of the last work in epoch milliseconds; before any work, the time of the first readiness.
   */
  lastWork: number | undefined;
  /** When the worker could first take work, in epoch milliseconds. */
  readyAt: number | undefined;
  private readonly handling = new Set<Promise<void>>();
  private loop: Promise<void> = Promise.resolve();
  /** Stops waits for readiness, and the loop after its current request. */
  private leaving = new AbortController();
  /** Aborts requests that take too long. */
  private aborting = new AbortController();

  constructor(private readonly options: ReceiverOptions) {}

  get idleSeconds(): number {
    return this.busy > 0 || this.lastWork === undefined ? 0 : (Date.now() - this.lastWork) / 1000;
  }

  start(): void {
    this.leaving = new AbortController();
    this.aborting = new AbortController();
    this.loop = this.receive();
  }

  /**
   * Stops receiving and resolves when all received messages have been handled. Running requests are
   * not aborted: a message in transfer would stay hidden until its visibility timeout.
   */
  async drain(): Promise<void> {
    this.leaving.abort();
    const late = setTimeout(() => this.aborting.abort(), (this.options.waitSeconds + GRACE_SECONDS) * 1000);
    await this.loop;
    clearTimeout(late);
    await Promise.all(this.handling);
  }

  private async receive(): Promise<void> {
    const { health, unreadyMs = 500 } = this.options;
    const leaving = this.leaving.signal;
    while (!leaving.aborted) {
      if (await health.check()) {
        this.readyAt ??= Date.now();
        this.lastWork ??= Date.now();
        if (this.mayTake) {
          await this.receiveOne();
          continue;
        }
      }
      await pause(unreadyMs, leaving);
    }
  }

  private get mayTake(): boolean {
    const { services, mayTakeEarly } = this.options;
    const taken = this.handling.size;
    return taken < services || mayTakeEarly(taken);
  }

  private async receiveOne(): Promise<void> {
    const { queue, health, log, waitSeconds, failureMs = 5_000 } = this.options;
    try {
      const delivery = await queue.receive(waitSeconds, this.aborting.signal);
      health.queueAnswers();
      if (delivery !== undefined) this.take(delivery);
    } catch (error) {
      if (this.aborting.signal.aborted) return;
      health.queueAnswers((error as Error).message);
      log.error({ err: error }, 'the queue does not answer');
      await pause(failureMs, this.leaving.signal);
    }
  }

  /** Counts work as busy time: the machine is not idle while it runs. */
  async during<T>(work: () => Promise<T>): Promise<T> {
    this.busy++;
    try {
      return await work();
    } finally {
      this.busy--;
      this.lastWork = Date.now();
    }
  }

  private take(delivery: Delivery): void {
    const handled = this.handle(delivery).finally(() => this.handling.delete(handled));
    this.handling.add(handled);
  }

  private async handle(delivery: Delivery): Promise<void> {
    try {
      await this.during(() => this.options.handle(delivery));
    } catch (error) {
      // The message becomes visible again after its visibility timeout.
      this.options.log.error({ err: error }, 'message could not be handled');
    }
  }
}

const pause = (ms: number, signal: AbortSignal) => sleep(ms, undefined, { signal }).catch(() => undefined);
