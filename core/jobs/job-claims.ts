import { StaleAttempt } from '../contract/errors';
import type { JobRow, Receipt } from '../contract/job';
import type { Stage, StageState, TaskName } from '../contract/names';
import type { Degradation, JobError, Measures } from '../contract/values';
import { difference } from '../usage/quota';
import { CountedRows } from './counted-rows';
import { ending, notHeld, QUEUED_SWEEP_SECONDS, secondsOf } from './job-changes';
import type { Change, Condition } from './row-update';

/** The outcome of a worker's attempt to claim a job. */
export type Claim =
  | { outcome: 'claimed'; row: JobRow }
  /** Another worker holds it until `row.lease_until`. */
  | { outcome: 'leased'; row: JobRow }
  /** It has ended. */
  | { outcome: 'final'; row: JobRow }
  /** Its input has not arrived: the message came too early. */
  | { outcome: 'unready'; row: JobRow }
  | { outcome: 'missing' };

/**
 * Time that the queue has to redeliver the message of an expired lease. After that, the sweeper
 * sends a new one.
 */
const LAPSED_SWEEP_SECONDS = 900;

/**
 * Changes that a worker makes to its claimed job. Each one is conditional on its attempt, the
 * fencing token.
 */
export class JobClaims extends CountedRows {
  /**
   * Claims a job for this worker until `leaseUntil` (epoch milliseconds), with a new attempt.
   * Refused while another worker's claim is valid.
   *
   * @param messageId id of the message that the worker received
   */
  async claim(id: string, messageId: string, leaseUntil: number, now: Date): Promise<Claim> {
    const row = await this.update(id, [['status', 'in', ['queued', 'running']], notHeld(now)], {
      set: {
        status: 'running',
        message_id: messageId,
        updated_at: now.toISOString(),
        ...leased(leaseUntil),
      },
      setOnce: { started_at: now.toISOString() },
      add: { attempt: 1 },
    });
    if (row !== undefined) return { outcome: 'claimed', row };
    const current = await this.get(id);
    if (current === undefined) return { outcome: 'missing' };
    if (current.status === 'running' || current.status === 'queued')
      return { outcome: 'leased', row: current };
    return { outcome: current.status === 'awaiting_upload' ? 'unready' : 'final', row: current };
  }

  /**
   * Records that a message replaced the one with which a worker claimed the job, if the worker
   * still holds the job.
   */
  async replaceMessage(id: string, from: string, to: string): Promise<void> {
    await this.update(
      id,
      [
        ['status', '=', 'running'],
        ['message_id', 'absent or =', from],
      ],
      { set: { message_id: to } },
    );
  }

  /** @throws StaleAttempt if this attempt no longer holds the job */
  extendLease(id: string, attempt: number, leaseUntil: number): Promise<JobRow> {
    return this.updateHeld(id, attempt, { set: leased(leaseUntil) });
  }

  /** @throws StaleAttempt if this attempt no longer holds the job */
  recordProgress(
    id: string,
    attempt: number,
    change: { progress: number; stages: Partial<Record<Stage, StageState>> },
    now: Date,
  ): Promise<JobRow> {
    return this.updateHeld(id, attempt, { set: { ...change, updated_at: now.toISOString() } });
  }

  /**
   * Publishes results while the rest of the job continues.
   *
   * @throws StaleAttempt if this attempt no longer holds the job
   */
  publish(
    id: string,
    attempt: number,
    change: { results: ResultKeys; degraded: Degradation[] },
    now: Date,
  ): Promise<JobRow> {
    return this.updateHeld(id, attempt, { set: { ...change, updated_at: now.toISOString() } });
  }

  /**
   * Ends a job with its results, and adds its work to the usage of its key, in one transaction. What
   * was reserved is counted already: the difference is added to the counter of the same day.
   *
   * @param work what to count. @default - the measures of the receipt
   * @throws StaleAttempt if this attempt no longer holds the job: the result is discarded
   */
  async commit(
    row: JobRow,
    result: {
      results: ResultKeys;
      receipt: Receipt;
      degraded: Degradation[];
      stages: Partial<Record<Stage, StageState>>;
    },
    now: Date,
    work: Measures = result.receipt.measures ?? {},
  ): Promise<JobRow> {
    const change = ending('succeeded', now, { ...result, progress: 1 });
    if (row.key_id === undefined || row.counted === true) return this.updateHeld(row.id, row.attempt, change);
    const { day, measures: reserved } = row.reserved ?? {};
    const addition = this.usage.addition(row.key_id, difference(work, reserved), now, day);
    return current(row, await this.updateCounted(row, held(row.attempt), change, addition));
  }

  /**
   * Fails a job that this attempt cannot finish. A retried job keeps its results.
   *
   * @throws StaleAttempt if this attempt no longer holds the job
   */
  async failHeld(id: string, attempt: number, error: JobError, now: Date): Promise<JobRow> {
    const end = { change: ending('failed', now, { error }), reason: error.message, now };
    const failed = await this.endUncounted(id, held(attempt), end);
    return current({ id, attempt }, failed);
  }

  /**
   * Releases a job for another attempt.
   *
   * @throws StaleAttempt if this attempt no longer holds the job
   */
  release(id: string, attempt: number, now: Date): Promise<JobRow> {
    return this.updateHeld(id, attempt, {
      set: {
        status: 'queued',
        updated_at: now.toISOString(),
        sweep_at: secondsOf(now) + QUEUED_SWEEP_SECONDS,
        waits_from: now.getTime(),
      },
      remove: ['lease_until'],
    });
  }

  private async updateHeld(id: string, attempt: number, change: Change): Promise<JobRow> {
    return current({ id, attempt }, await this.update(id, held(attempt), change));
  }
}

/** @throws StaleAttempt if an update was refused because the attempt no longer holds the job */
function current({ id, attempt }: Pick<JobRow, 'id' | 'attempt'>, row: JobRow | undefined): JobRow {
  if (row === undefined) throw new StaleAttempt(id, attempt);
  return row;
}

/** Keys of results by task. */
type ResultKeys = Partial<Record<TaskName, string>>;

/** Conditions: the job is running, and no other attempt has claimed it. */
const held = (attempt: number): Condition[] => [
  ['attempt', '=', attempt],
  ['status', '=', 'running'],
];

/** When the lease ends, the job waits for another worker. */
const leased = (leaseUntil: number) => ({
  lease_until: leaseUntil,
  waits_from: leaseUntil,
  sweep_at: Math.floor(leaseUntil / 1000) + LAPSED_SWEEP_SECONDS,
});
