import { randomUUID } from 'node:crypto';
import { TransactionCanceledException } from '@aws-sdk/client-dynamodb';
import {
  DeleteCommand,
  type DynamoDBDocumentClient,
  GetCommand,
  PutCommand,
  QueryCommand,
  TransactWriteCommand,
  UpdateCommand,
} from '@aws-sdk/lib-dynamodb';
import { ifHolds } from './conditional-write';
import { despiteConflicts } from './conflict';
import type { Degradation, JobError } from '../contract/values';
import type { IdempotencyRow, JobRow, Receipt } from '../contract/job';
import { INDEX } from '../contract/keys';
import type { JobStatus, Stage, StageState } from '../contract/names';
import { StaleAttempt } from '../contract/errors';
import { applied, type Condition, type Change, update } from './row-update';
import { UsageStore } from '../usage/usage-store';

/** The version of an object that is a job's audio, as far as it is known: without versioning S3 names none. */
export interface InputVersion {
  version?: string;
  /** In its quotes. */
  etag?: string;
}

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

/** How long after its message was sent a queued job is looked at again: a message lives for 14 days. */
const QUEUED_SWEEP_SECONDS = 6 * 3600;

/** How long a queued job may lack its message: the handler that queues it takes seconds. */
const UNSENT_SWEEP_SECONDS = 60;

/** A lapsed lease is first the queue's business, which redelivers the message; only then the sweeper's. */
const LAPSED_SWEEP_SECONDS = 900;

/**
 * The rows of jobs. Every change is conditional on the state that it starts from, so that of two that happen at
 * once one is refused; changes by a worker carry its attempt, the fencing token.
 */
export class JobStore {
  /** How much audio keys have used. */
  readonly usage: UsageStore;

  constructor(
    private readonly client: DynamoDBDocumentClient,
    private readonly table: string,
  ) {
    this.usage = new UsageStore(client, table);
  }

  async get(id: string): Promise<JobRow | undefined> {
    const { Item } = await this.client.send(
      new GetCommand({ TableName: this.table, Key: { id }, ConsistentRead: true }),
    );
    return Item as JobRow | undefined;
  }

  /** Stores a new row. Returns false if there is one with its id already. */
  async create(row: JobRow): Promise<boolean> {
    const put = new PutCommand({
      TableName: this.table,
      Item: row,
      ConditionExpression: 'attribute_not_exists(id)',
    });
    return (await ifHolds(this.client.send(put))) !== undefined;
  }

  /**
   * Stores a new row and remembers which request made it, both or neither.
   *
   * @param replaces id of a job: the new request may take the place of one that is remembered for it
   * @returns the earlier request that is the same, if there is one and it still counts
   */
  async createOnce(
    row: JobRow,
    request: IdempotencyRow,
    nowSeconds: number,
    replaces?: string,
  ): Promise<IdempotencyRow | undefined> {
    const once = {
      Put: {
        TableName: this.table,
        Item: request,
        // The table's TTL may delete days later than it says.
        ConditionExpression:
          'attribute_not_exists(id) OR expires_at < :now' +
          (replaces === undefined ? '' : ' OR job_id = :replaces'),
        ExpressionAttributeValues: {
          ':now': nowSeconds,
          ...(replaces !== undefined && { ':replaces': replaces }),
        },
      },
    };
    const transaction = new TransactWriteCommand({
      TransactItems: [once, { Put: { TableName: this.table, Item: row } }],
    });
    try {
      // Of two same requests at once, one meets the other's transaction before it can be refused.
      await despiteConflicts(() => this.client.send(transaction));
      return undefined;
    } catch (error) {
      if (!(error instanceof TransactionCanceledException)) throw error;
      const earlier = await this.remembered(request.id, nowSeconds);
      // Cancelled for another reason: try again.
      if (earlier === undefined || earlier.job_id === replaces) throw error;
      return earlier;
    }
  }

  /** The earlier request that a row remembers, if there is one and it still counts. */
  async remembered(id: string, nowSeconds: number): Promise<IdempotencyRow | undefined> {
    const earlier = (await this.get(id)) as IdempotencyRow | undefined;
    return earlier === undefined || earlier.expires_at < nowSeconds ? undefined : earlier;
  }

  /**
   * Remembers the id of a job's upload in parts, unless it has one already: the row that is returned says which counts.
   * Returns undefined if the job does not await its audio.
   */
  beginUpload(id: string, uploadId: string, now: Date): Promise<JobRow | undefined> {
    return this.update(id, [['status', '=', 'awaiting_upload']], {
      set: { updated_at: now.toISOString() },
      setOnce: { upload_id: uploadId },
    });
  }

  /**
   * Marks a job's audio as arrived, and has the job keep to this version of it. Returns undefined if the job was not waiting
   * for it.
   */
  queue(id: string, input: InputVersion, now: Date): Promise<JobRow | undefined> {
    return this.update(id, [['status', '=', 'awaiting_upload']], {
      set: {
        ...inputOf(input),
        status: 'queued',
        queued_at: now.toISOString(),
        sweep_at: seconds(now) + UNSENT_SWEEP_SECONDS,
        updated_at: now.toISOString(),
      },
    });
  }

  /**
   * Remembers that the message of a job is in the queue, if no worker has claimed the job since. A job whose worker is
   * lost counts too, or the sweeper would send it another message each minute.
   */
  async confirmSent(id: string, now: Date): Promise<void> {
    await this.update(
      id,
      [
        ['status', 'in', ['queued', 'running']],
        ['lease_until', 'absent or <', now.getTime()],
      ],
      { set: { sweep_at: seconds(now) + QUEUED_SWEEP_SECONDS } },
    );
  }

  /**
   * Takes a job for this worker until `leaseUntil` (epoch milliseconds), with a new attempt. Refused while another
   * worker's claim holds.
   *
   * @param messageId of the message that asks for it
   */
  async claim(id: string, messageId: string, leaseUntil: number, now: Date): Promise<Claim> {
    const row = await this.update(
      id,
      [
        ['status', 'in', ['queued', 'running']],
        ['lease_until', 'absent or <', now.getTime()],
      ],
      {
        set: {
          status: 'running',
          lease_until: leaseUntil,
          message_id: messageId,
          updated_at: now.toISOString(),
          ...lapsed(leaseUntil),
        },
        setOnce: { started_at: now.toISOString() },
        add: { attempt: 1 },
      },
    );
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

  /** Ends a job whose audio cannot be worked on. Returns undefined if the job was not waiting for its audio. */
  refuse(id: string, input: InputVersion, error: JobError, now: Date): Promise<JobRow | undefined> {
    return this.update(
      id,
      [['status', '=', 'awaiting_upload']],
      ending('failed', now, { ...inputOf(input), error }),
    );
  }

  /** Ends a job that nobody works on. Returns undefined if it has ended, or a worker's claim holds. */
  fail(id: string, error: JobError, now: Date): Promise<JobRow | undefined> {
    return this.update(
      id,
      [
        ['status', 'in', ['awaiting_upload', 'queued', 'running']],
        ['lease_until', 'absent or <', now.getTime()],
      ],
      ending('failed', now, { error }),
    );
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
        sweep_at: seconds(now) + QUEUED_SWEEP_SECONDS,
      },
      remove: ['lease_until'],
    });
  }

  /** Ends an open job at its owner's wish. Returns undefined if it is not open, or not this tenant's. */
  cancel(id: string, tenant: string, now: Date): Promise<JobRow | undefined> {
    return this.update(
      id,
      [
        ['tenant', '=', tenant],
        ['status', 'in', ['awaiting_upload', 'queued', 'running']],
      ],
      ending('cancelled', now, {}),
    );
  }

  /** Ends a job whose upload never came. Returns undefined if it has come after all. */
  expire(id: string, error: JobError, now: Date): Promise<JobRow | undefined> {
    return this.update(
      id,
      [
        ['status', '=', 'awaiting_upload'],
        ['sweep_at', '<', seconds(now)],
      ],
      ending('expired', now, { error }),
    );
  }

  /** Deletes an ended job's row. */
  async erase(id: string, tenant: string): Promise<void> {
    await ifHolds(
      this.client.send(
        new DeleteCommand({
          TableName: this.table,
          Key: { id },
          ConditionExpression: 'tenant = :tenant AND attribute_not_exists(#open)',
          ExpressionAttributeNames: { '#open': 'open' },
          ExpressionAttributeValues: { ':tenant': tenant },
        }),
      ),
    );
  }

  /** A tenant's jobs, newest first. `next` is where the following page begins. */
  async list(
    tenant: string,
    options: { limit: number; start?: Record<string, unknown>; status?: JobStatus },
  ): Promise<{ rows: JobRow[]; next?: Record<string, unknown> }> {
    const { status } = options;
    const { Items = [], LastEvaluatedKey } = await this.client.send(
      new QueryCommand({
        TableName: this.table,
        IndexName: INDEX.byTenant,
        KeyConditionExpression: 'tenant = :tenant',
        ...(status !== undefined && {
          FilterExpression: '#status = :status',
          ExpressionAttributeNames: { '#status': 'status' },
        }),
        ExpressionAttributeValues: { ':tenant': tenant, ...(status !== undefined && { ':status': status }) },
        ScanIndexForward: false,
        Limit: options.limit,
        ExclusiveStartKey: options.start,
      }),
    );
    return { rows: Items as JobRow[], next: LastEvaluatedKey };
  }

  /** Open jobs that nothing has happened to for too long, oldest first. */
  async due(now: Date, limit: number): Promise<JobRow[]> {
    const { Items = [] } = await this.client.send(
      new QueryCommand({
        TableName: this.table,
        IndexName: INDEX.open,
        KeyConditionExpression: '#open = :open AND sweep_at < :now',
        ExpressionAttributeNames: { '#open': 'open' },
        ExpressionAttributeValues: { ':open': 'open', ':now': seconds(now) },
        Limit: limit,
      }),
    );
    return Items as JobRow[];
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

  private async update(id: string, conditions: Condition[], change: Change): Promise<JobRow | undefined> {
    const command = new UpdateCommand({
      TableName: this.table,
      Key: { id },
      ...update(conditions, change),
      ReturnValues: 'ALL_NEW',
    });
    const answer = await ifHolds(this.client.send(command));
    return answer?.Attributes as JobRow | undefined;
  }
}

const inputOf = ({ version, etag }: InputVersion): Partial<JobRow> => ({
  input_version: version,
  input_etag: etag,
});

const seconds = (instant: Date) => Math.floor(instant.getTime() / 1000);

/** An attempt holds a job as long as no other has claimed it, and it has not ended. */
const held = (attempt: number): Condition[] => [
  ['attempt', '=', attempt],
  ['status', '=', 'running'],
];

const lapsed = (leaseUntil: number) => ({ sweep_at: Math.floor(leaseUntil / 1000) + LAPSED_SWEEP_SECONDS });

const ending = (status: JobStatus, now: Date, more: Partial<JobRow>): Change => ({
  set: { status, finished_at: now.toISOString(), updated_at: now.toISOString(), ...more },
  remove: ['open', 'sweep_at', 'lease_until'],
});
