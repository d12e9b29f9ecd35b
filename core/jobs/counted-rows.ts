import { randomUUID } from 'node:crypto';
import { TransactionCanceledException } from '@aws-sdk/client-dynamodb';
import { TransactWriteCommand } from '@aws-sdk/lib-dynamodb';
import type { JobRow } from '../contract/job';
import { difference } from '../usage/quota';
import { UsageStore } from '../usage/usage-store';
import { ifHolds } from './conditional-write';
import { despiteConflicts } from './conflict';
import { JobRows } from './job-rows';
import { endOfRetry, isRetried } from './missing-tasks';
import { applied, type Change, type Condition, update } from './row-update';

/** The condition of a counter did not hold: the day's quota of a key is used up. */
export class UsedUp extends Error {
  override readonly name = 'UsedUp';
}

/** The end of a job without a new result. */
interface End {
  /** Ends a job that has no results. */
  change: Change;
  /** Why the missing tasks of a retried job have no result. */
  reason: string;
  now: Date;
}

/** Changes of jobs that count on the usage of their keys. */
export class CountedRows extends JobRows {
  /** Usage of keys, including what is reserved for open jobs. */
  readonly usage = new UsageStore(this.client, this.table);

  /**
   * Ends a job without a new result, and gives back the quota that was reserved for it. A retried job
   * keeps the results that it has. Returns undefined if a condition does not hold.
   */
  protected async endUncounted(id: string, conditions: Condition[], end: End): Promise<JobRow | undefined> {
    const plain: Condition[] = [...conditions, ['reserved', 'absent'], ['receipt', 'absent']];
    const ended = await this.update(id, plain, end.change);
    if (ended !== undefined) return ended;
    // Read after the update, because the job may have been queued before it. The row may change again,
    // by the progress of its worker.
    for (let seen: string | undefined; ;) {
      const row = await this.get(id);
      if (row?.open === undefined || row.updated_at === seen) return undefined;
      if (row.reserved === undefined && row.receipt === undefined) return undefined;
      seen = row.updated_at;
      const unchanged: Condition[] = [...conditions, ['updated_at', '=', seen]];
      const done = await this.endKnown(row, unchanged, end);
      if (done !== undefined) return done;
    }
  }

  private endKnown(row: JobRow, unchanged: Condition[], end: End): Promise<JobRow | undefined> {
    const change = isRetried(row) ? endOfRetry(row, end.reason, end.now) : end.change;
    if (row.key_id === undefined || row.reserved === undefined) return this.update(row.id, unchanged, change);
    const { day, measures } = row.reserved;
    const addition = this.usage.addition(row.key_id, difference({}, measures), end.now, day);
    return this.updateCounted(row, unchanged, change, addition);
  }

  /**
   * Updates a row in a transaction with a change of a counter. A transaction does not return the row,
   * so the new row is computed. Returns undefined if a condition of the row does not hold.
   *
   * @throws UsedUp if only the condition of the counter does not hold
   */
  protected async updateCounted(
    row: JobRow,
    conditions: Condition[],
    change: Change,
    addition: ReturnType<UsageStore['addition']>,
  ): Promise<JobRow | undefined> {
    const job = { TableName: this.table, Key: { id: row.id }, ...update(conditions, change) };
    const transaction = new TransactWriteCommand({
      TransactItems: [{ Update: job }, { Update: addition }],
      // The same token for all tries, so that a try whose response was lost is not applied twice.
      ClientRequestToken: randomUUID(),
    });
    try {
      const answer = await ifHolds(despiteConflicts(() => this.client.send(transaction)));
      return answer === undefined ? undefined : applied(row, change);
    } catch (error) {
      throw isUsedUp(error) ? new UsedUp() : error;
    }
  }
}

const isUsedUp = (error: unknown): boolean =>
  error instanceof TransactionCanceledException &&
  error.CancellationReasons?.[1]?.Code === 'ConditionalCheckFailed';
