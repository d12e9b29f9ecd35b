import { isDeepStrictEqual } from 'node:util';
import { isFinal } from '../../../../core/contract/names';
import type { JobRow } from '../../../../core/contract/job';
import { type SpotscribeError, StaleAttempt } from '../../../../core/contract/errors';
import type { Endings } from './endings';
import { asSpotscribeError, DiskFull, ServiceUnready, Stopping, TakenTooEarly } from '../errors';
import type { HeldJobs } from '../forecast/held-jobs';
import type { Health } from '../http/health';
import { JobDelivery } from '../queue/job-delivery';
import { JobWork, type WorkTools } from './job-work';
import { Lease } from './lease';
import type { MachineTime } from './machine-time';
import { parseMessage } from '../queue/message';
import type { Metrics, Outcome } from '../http/metrics';
import type { Delivery } from '../queue/queue';
import { Stopwatch } from './stopwatch';

export interface JobRunnerOptions {
  work: WorkTools;
  endings: Endings;
  health: Health;
  metrics: Metrics;
  held: HeldJobs;
  machineTime: MachineTime;
  visibilitySeconds: number;
  /** Aborted with {@link Stopping} when the worker must return its jobs to the queue. */
  stopping: AbortSignal;
}

/** A running attempt. */
interface Attempt {
  row: JobRow;
  job: JobDelivery;
  watch: Stopwatch;
}

/**
 * Processes a message: runs its job and deletes the message, or schedules the next receive. If it
 * throws, the message becomes visible again after its visibility timeout.
 */
export class JobRunner {
  constructor(private readonly options: JobRunnerOptions) {}

  async handle(delivery: Delivery): Promise<void> {
    const { stopping, work, metrics } = this.options;
    const parsed = parseMessage(delivery.body);
    if ('fault' in parsed) {
      // Not deleted: the message moves to the dead-letter queue, where an operator can inspect it.
      work.log.warn({ receives: delivery.receives, fault: parsed.fault }, 'message is not valid');
      metrics.ended('malformed');
      return delivery.hide(0);
    }
    const job = new JobDelivery(delivery, parsed);
    if (stopping.aborted) return job.replace(0);
    if (job.isExhausted) return this.leaveToDeadLetters(job);
    await this.begin(job);
  }

  private async begin(job: JobDelivery): Promise<void> {
    const { visibilitySeconds, work, endings } = this.options;
    const { store, log } = work;
    const { jobId: id, message } = job;
    const watch = new Stopwatch(message.receivedAt);
    const claim = await store.claim(id, message.id, Date.now() + visibilitySeconds * 1000, new Date());
    watch.lap('claim');
    switch (claim.outcome) {
      case 'claimed':
        return this.attempt({ row: claim.row, job, watch });
      case 'leased':
        return this.leaveToOwner(job, claim.row);
      case 'final':
        log.info({ job: id, status: claim.row.status }, 'the job has already ended');
        return this.end(claim.row, job);
      case 'unready':
        // The arrival of the input sends another message.
        log.warn({ job: id }, 'the job still waits for its input');
        return message.delete();
      case 'missing':
        log.warn({ job: id }, 'the job has been erased');
        // Its worker may have written a checkpoint after that, and then been killed.
        await endings.eraseAll(id);
        return message.delete();
    }
  }

  /** Lets SQS move the message to the dead-letter queue, unless another worker runs the job. */
  private async leaveToDeadLetters(job: JobDelivery): Promise<void> {
    const { store, log } = this.options.work;
    const row = await store.get(job.jobId);
    const isLeased = row?.status === 'running' && (row.lease_until ?? 0) > Date.now();
    if (row !== undefined && isLeased) return this.leaveToOwner(job, row);
    const { jobId: id, failures, losses } = job;
    log.warn({ job: id, failures, losses }, 'the job failed or was lost too often');
    await job.message.hide(0);
  }

  /** Another worker has the job. This message must not disturb it or count as a failure. */
  private async leaveToOwner(job: JobDelivery, { id, message_id, lease_until }: JobRow): Promise<void> {
    const { store, log } = this.options.work;
    const isDuplicate = message_id !== undefined && message_id !== job.message.id;
    if (isDuplicate) {
      log.info({ job: id }, 'another worker has the job by another message: this one is deleted');
      return job.message.delete();
    }
    // This is the message of the owner, which may have died: try again when its lease has expired.
    const remaining = Math.max(1, ((lease_until ?? 0) - Date.now()) / 1000);
    log.info({ job: id, seconds: Math.ceil(remaining) }, 'another worker has the job');
    await job.replace(remaining, (replaced) => store.replaceMessage(id, job.message.id, replaced));
  }

  private async attempt(attempt: Attempt): Promise<void> {
    const { row, job, watch } = attempt;
    const { work: tools, stopping, visibilitySeconds, endings, machineTime } = this.options;
    const { store, log, scratch } = tools;
    const time = machineTime.open();
    const lease = new Lease(row, job.message, { store, visibilitySeconds, log });
    const held = this.options.held.hold(row);
    const signal = AbortSignal.any([stopping, lease.lost, held.returned]);
    const work = new JobWork(row, lease, tools, { watch, time, held });
    lease.start();
    try {
      const outcome = await work.run(signal);
      const done = await endings.commit(row, outcome, work);
      held.finish(done.receipt?.measures);
      watch.lap('commit');
      await lease.stop();
      await this.end(done, job, watch);
      this.report({ ...attempt, row: done }, 'succeeded');
    } catch (error) {
      await lease.stop();
      await this.settle(attempt, work, signal.aborted ? signal.reason : error);
    } finally {
      time.end();
      this.options.held.release(held);
      await scratch.remove(row.id);
    }
  }

  /** The row says that the job has ended: announce the end and delete the message. */
  private async end(row: JobRow, job: JobDelivery, watch?: Stopwatch): Promise<void> {
    await this.options.endings.announce(row);
    watch?.lap('announce');
    await job.message.delete();
    watch?.lap('delete');
  }

  private async settle(attempt: Attempt, work: JobWork, reason: unknown): Promise<void> {
    const { row, job, watch } = attempt;
    const { store } = this.options.work;
    try {
      if (reason instanceof StaleAttempt) return await this.settleStale(attempt, work);
      const error = asSpotscribeError(reason);
      if (error.permanent) {
        const { code, message } = error;
        const failed = await store.failHeld(row.id, row.attempt, { code, message }, new Date());
        await this.end(failed, job, watch);
        return this.report(attempt, 'failed', { code });
      }
      if (error instanceof DiskFull) this.options.health.diskFull(error.neededBytes);
      this.report(attempt, await this.giveBack(attempt, work, error), { err: error });
    } catch (error) {
      if (!(error instanceof StaleAttempt)) throw error;
      await this.settleStale(attempt, work);
    }
  }

  /** @returns `retried` if this counts as a failure of the job */
  private async giveBack(
    { row, job }: Attempt,
    work: JobWork,
    error: SpotscribeError,
  ): Promise<'released' | 'retried'> {
    const { store, log } = this.options.work;
    await work.checkpoint.save().catch((failure: unknown) => {
      log.warn({ job: row.id, err: failure }, 'checkpoint not saved');
    });
    // Before the message is returned: the worker that receives it must find the job free.
    await store.release(row.id, row.attempt, new Date());
    if (error instanceof Stopping || error instanceof TakenTooEarly) {
      await job.replace(0);
      return 'released';
    }
    if (error instanceof ServiceUnready && job.mayWait) {
      await job.waitForService();
      return 'released';
    }
    await job.retry();
    return 'retried';
  }

  /**
   * Finds out why the row refused this attempt. The cause may be a repeated write of this attempt,
   * after the answer to the first write was lost.
   */
  private async settleStale(attempt: Attempt, work: JobWork): Promise<void> {
    const { row, job, watch } = attempt;
    const { work: tools, endings } = this.options;
    const now = await tools.store.get(row.id);
    if (now === undefined || now.status === 'cancelled') {
      await endings.eraseAll(row.id);
      await job.message.delete();
      return this.report(attempt, 'cancelled');
    }
    // If a retry was cancelled, the job has succeeded with the receipt that it had before.
    const isCancelled = isDeepStrictEqual(now.receipt, row.receipt);
    const mine = now.status === 'succeeded' && now.attempt === row.attempt && !isCancelled;
    if (!isFinal(now.status)) {
      await endings.eraseAttempt(row, now, work.checkpoint.files);
      // The new owner may have received this same message: delete it only if the row names another
      // one.
      if (now.message_id !== undefined && now.message_id !== job.message.id) await job.message.delete();
      return this.report(attempt, 'lost');
    }
    await this.end(now, job, watch);
    this.report(mine ? { ...attempt, row: now } : attempt, mine ? 'succeeded' : 'lost');
  }

  /** Logs one line for the attempt and updates the metrics. */
  private report({ row, job, watch }: Attempt, outcome: Outcome, more: object = {}): void {
    const { work, metrics } = this.options;
    const queued = job.message.receivedAt - job.message.sentAt;
    const line = { job: row.id, attempt: row.attempt, outcome, ms: { queued, ...watch.parts }, ...more };
    work.log[outcome === 'retried' ? 'warn' : 'info']({ ...line, total_ms: watch.total }, 'job');
    metrics.ended(outcome, watch.parts, outcome === 'succeeded' ? row.receipt : undefined);
  }
}
