import { randomUUID } from 'node:crypto';
import { TransactWriteCommand } from '@aws-sdk/lib-dynamodb';
import { StaleAttempt } from '../contract/errors';
import type { JobRow, Receipt } from '../contract/job';
import type { Stage, StageState } from '../contract/names';
import type { Degradation, JobError } from '../contract/values';
import { UsageStore } from '../usage/usage-store';
import { ifHolds } from './conditional-write';
import { despiteConflicts } from './conflict';
import { ending, notHeld, QUEUED_SWEEP_SECONDS, secondsOf } from './job-changes';
import { JobRows } from './job-rows';
import { applied, type Change, type Condition, update } from './row-update';

/** What came of a worker's wish to work on a job. */
export type Claim =
  | { outcome: 'claimed'; row: JobRow }
  /** Another worker holds it until `row.lease_until`. */
  | { outcome: 'leased'; row: JobRow }
  /** It has ended. */
  | { outcome: 'final'; row: JobRow }
  /** Its audio has not arrived: a message before its time. */
  | { outcome: 'unready'; row: JobRow }
  | { outcome: 'missing' };

/** A lapsed lease is first the queue's business, which redelivers the message; only then the sweeper's. */
const LAPSED_SWEEP_SECONDS = 900;

/** What a worker does with the job that it claims. Every change carries its attempt, the fencing token. */
export class JobClaims extends JobRows {
  /** How much audio keys have used. */
  readonly usage = new UsageStore(this.client, this.table);

  /**
   * Takes a job for this worker until `leaseUntil` (epoch milliseconds), with a new attempt. Refused while another
   * worker's claim holds.
   *
   * @param messageId of the message that asks for it
   */
  async claim(id: string, messageId: string, leaseUntil: number, now: Date): Promise<Claim> {
    const row = await this.update(id, [['status', 'in', ['queued', 'running']], notHeld(now)], {
      set: {
        status: 'running',
        lease_until: leaseUntil,
        message_id: messageId,
        updated_at: now.toISOString(),
        ...lapsed(leaseUntil),
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

  /** Remembers that a message took the place of the one under which a worker holds the job, if that is still so. */
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

  /** @throws StaleAttempt if the job is no longer this attempt's */
  extendLease(id: string, attempt: number, leaseUntil: number): Promise<JobRow> {
    return this.updateHeld(id, attempt, { set: { lease_until: leaseUntil, ...lapsed(leaseUntil) } });
  }

  /** @throws StaleAttempt if the job is no longer this attempt's */
  recordProgress(
    id: string,
    attempt: number,
    change: { progress: number; stages: Partial<Record<Stage, StageState>> },
    now: Date,
  ): Promise<JobRow> {
    return this.updateHeld(id, attempt, { set: { ...change, updated_at: now.toISOString() } });
  }

  /**
   * Makes a transcript readable while the rest of the work goes on.
   *
   * @throws StaleAttempt if the job is no longer this attempt's
   */
  publish(
    id: string,
    attempt: number,
    change: { transcript_key: string; degraded: Degradation[] },
    now: Date,
  ): Promise<JobRow> {
    return this.updateHeld(id, attempt, { set: { ...change, updated_at: now.toISOString() } });
  }

  /**
   * Ends a job with its result, and counts its audio as used by the key that submitted it: both or neither.
   *
   * @throws StaleAttempt if the job is no longer this attempt's: the result does not count
   */
  commit(
    row: JobRow,
    result: {
      transcript_key?: string;
      analysis_key?: string;
      receipt: Receipt;
      degraded: Degradation[];
      stages: Partial<Record<Stage, StageState>>;
    },
    now: Date,
  ): Promise<JobRow> {
    const change = ending('succeeded', now, { ...result, progress: 1 });
    if (row.key_id === undefined || row.counted === true) return this.updateHeld(row.id, row.attempt, change);
    return this.updateCounted(
      row,
      change,
      this.usage.addition(row.key_id, result.receipt.audio_seconds, now),
    );
  }

  /**
   * Ends a job that this attempt cannot finish.
   *
   * @throws StaleAttempt if the job is no longer this attempt's
   */
  failHeld(id: string, attempt: number, error: JobError, now: Date): Promise<JobRow> {
    return this.updateHeld(id, attempt, ending('failed', now, { error }));
  }

  /**
   * Gives a job back, for another attempt.
   *
   * @throws StaleAttempt if the job is no longer this attempt's
   */
  release(id: string, attempt: number, now: Date): Promise<JobRow> {
    return this.updateHeld(id, attempt, {
      set: {
        status: 'queued',
        updated_at: now.toISOString(),
        sweep_at: secondsOf(now) + QUEUED_SWEEP_SECONDS,
      },
      remove: ['lease_until'],
    });
  }

  private async updateHeld(id: string, attempt: number, change: Change): Promise<JobRow> {
    const row = await this.update(id, held(attempt), change);
    if (row === undefined) throw new StaleAttempt(id, attempt);
    return row;
  }

  /** As `updateHeld`, together with an addition to a counter. A transaction tells no row, so that it is reckoned. */
  private async updateCounted(
    row: JobRow,
    change: Change,
    addition: ReturnType<UsageStore['addition']>,
  ): Promise<JobRow> {
    const { id, attempt } = row;
    const job = { TableName: this.table, Key: { id }, ...update(held(attempt), change) };
    const transaction = new TransactWriteCommand({
      TransactItems: [{ Update: job }, { Update: addition }],
      // One for all tries: a try whose answer was lost does not count twice.
      ClientRequestToken: randomUUID(),
    });
    const answer = await ifHolds(despiteConflicts(() => this.client.send(transaction)));
    if (answer === undefined) throw new StaleAttempt(id, attempt);
    return applied(row, change);
  }
}

/** An attempt holds a job as long as no other has claimed it, and it has not ended. */
const held = (attempt: number): Condition[] => [
  ['attempt', '=', attempt],
  ['status', '=', 'running'],
];

const lapsed = (leaseUntil: number) => ({ sweep_at: Math.floor(leaseUntil / 1000) + LAPSED_SWEEP_SECONDS });
