import { FINAL_STATUSES, type JobRow } from '../../../lambda/contract';
import { StaleAttempt } from '../../../lambda/errors';
import type { Endings } from './endings';
import { asSpotscribeError, DiskFull, Stopping } from './errors';
import type { Health } from './health';
import { JobWork, type WorkTools } from './job-work';
import { Lease } from './lease';
import type { MachineTime } from './machine-time';
import { backoffSeconds, parseMessage } from './message';
import type { Metrics, Outcome } from './metrics';
import type { Delivery } from './queue';
import { Stopwatch } from './stopwatch';

export interface JobRunnerOptions {
  work: WorkTools;
  endings: Endings;
  health: Health;
  metrics: Metrics;
  machineTime: MachineTime;
  visibilitySeconds: number;
  /** Aborted with {@link Stopping} when the worker is to give its jobs back. */
  stopping: AbortSignal;
}

/** One attempt on its way. */
interface Attempt {
  row: JobRow;
  delivery: Delivery;
  watch: Stopwatch;
}

/**
 * Takes a message to its end: works on the job that it names and then deletes the message, or sees to it that the
 * message comes back at the right time. What it throws leaves the message to come back when its visibility lapses.
 */
export class JobRunner {
  constructor(private readonly options: JobRunnerOptions) {}

  async handle(delivery: Delivery): Promise<void> {
    const { stopping, visibilitySeconds, work } = this.options;
    const { store, log } = work;
    if (stopping.aborted) return delivery.hide(0);
    const message = parseMessage(delivery.body);
    if ('fault' in message) {
      // Never deleted: it goes to the dead-letter queue at once, where somebody can look at it.
      log.warn({ receives: delivery.receives, fault: message.fault }, 'message cannot be understood');
      this.options.metrics.ended('malformed');
      return delivery.hide(0);
    }
    const id = message.jobId;
    const watch = new Stopwatch(delivery.receivedAt);
    const claim = await store.claim(id, Date.now() + visibilitySeconds * 1000, new Date());
    watch.lap('claim');
    switch (claim.outcome) {
      case 'claimed':
        return this.attempt({ row: claim.row, delivery, watch });
      case 'leased': {
        const remaining = ((claim.row.lease_until ?? 0) - Date.now()) / 1000;
        log.info({ job: id, seconds: Math.ceil(remaining) }, 'another worker has the job');
        return delivery.hide(Math.max(1, remaining));
      }
      case 'final':
        log.info({ job: id, status: claim.row.status }, 'the job has ended already');
        return this.end(claim.row, delivery);
      case 'unready':
        log.warn({ job: id }, 'the job still waits for its audio');
        return delivery.hide(backoffSeconds(delivery.receives));
      case 'missing':
        log.warn({ job: id }, 'the job has been erased');
        return delivery.delete();
    }
  }

  private async attempt(attempt: Attempt): Promise<void> {
    const { row, delivery, watch } = attempt;
    const { work: tools, stopping, visibilitySeconds, endings, machineTime } = this.options;
    const { store, log, scratch } = tools;
    const time = machineTime.open();
    const lease = new Lease(row, delivery, { store, visibilitySeconds, log });
    const signal = AbortSignal.any([stopping, lease.lost]);
    const work = new JobWork(row, lease, tools, watch, time);
    lease.start();
    try {
      const outcome = await work.run(signal);
      const done = await endings.commit(row, outcome, work);
      watch.lap('commit');
      await lease.stop();
      await this.end(done, delivery, watch);
      this.report({ ...attempt, row: done }, 'succeeded');
    } catch (error) {
      await lease.stop();
      await this.settle(attempt, work, signal.aborted ? signal.reason : error);
    } finally {
      time.end();
      await scratch.remove(row.id);
    }
  }

  /** The job has ended in its row: all that is left is to say so. */
  private async end(row: JobRow, delivery: Delivery, watch?: Stopwatch): Promise<void> {
    await this.options.endings.proclaim(row);
    watch?.lap('announce');
    await delivery.delete();
    watch?.lap('delete');
  }

  private async settle(attempt: Attempt, work: JobWork, reason: unknown): Promise<void> {
    const { row, delivery, watch } = attempt;
    const { store } = this.options.work;
    try {
      if (reason instanceof StaleAttempt) return await this.settleStale(attempt);
      const error = asSpotscribeError(reason);
      if (error.permanent) {
        const { code, message } = error;
        const failed = await store.failHeld(row.id, row.attempt, { code, message }, new Date());
        await this.end(failed, delivery, watch);
        return this.report(attempt, 'failed', { code });
      }
      if (error instanceof DiskFull) this.options.health.diskFull(error.neededBytes);
      await this.giveBack(attempt, work, error instanceof Stopping ? 0 : backoffSeconds(delivery.receives));
      this.report(attempt, error instanceof Stopping ? 'released' : 'retried', { err: error });
    } catch (error) {
      if (!(error instanceof StaleAttempt)) throw error;
      await this.settleStale(attempt);
    }
  }

  private async giveBack({ row, delivery }: Attempt, work: JobWork, seconds: number): Promise<void> {
    const { store, log } = this.options.work;
    await work.saveCheckpoint().catch((error: unknown) => {
      log.warn({ job: row.id, err: error }, 'checkpoint not saved');
    });
    await store.release(row.id, row.attempt, new Date());
    await delivery.hide(seconds);
  }

  /**
   * The row refused this attempt: look why. It may be that this attempt's own last write was answered by a broken
   * connection and then repeated.
   */
  private async settleStale(attempt: Attempt): Promise<void> {
    const { row, delivery, watch } = attempt;
    const { work, endings } = this.options;
    const now = await work.store.get(row.id);
    if (now === undefined || now.status === 'cancelled') {
      await endings.eraseAttempt(row);
      await delivery.delete();
      return this.report(attempt, 'cancelled');
    }
    const mine = now.status === 'succeeded' && now.attempt === row.attempt;
    if (!mine) await endings.eraseAttempt(row, now);
    if (!(FINAL_STATUSES as readonly string[]).includes(now.status)) return this.report(attempt, 'lost');
    await this.end(now, delivery, watch);
    this.report(mine ? { ...attempt, row: now } : attempt, mine ? 'succeeded' : 'lost');
  }

  /** One line for each attempt, and the metrics. */
  private report({ row, delivery, watch }: Attempt, outcome: Outcome, more: object = {}): void {
    const { work, metrics } = this.options;
    const queued = delivery.receivedAt - delivery.sentAt;
    const line = { job: row.id, attempt: row.attempt, outcome, ms: { queued, ...watch.parts }, ...more };
    work.log[outcome === 'retried' ? 'warn' : 'info']({ ...line, total_ms: watch.total }, 'job');
    metrics.ended(outcome, watch.parts, row.receipt);
  }
}
