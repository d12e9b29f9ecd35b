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
import type { IdempotencyRow, JobRow } from '../contract/job';
import { INDEX } from '../contract/keys';
import type { JobStatus } from '../contract/names';
import { ifHolds } from './conditional-write';
import { despiteConflicts } from './conflict';
import { secondsOf } from './job-changes';
import { type Change, type Condition, update } from './row-update';

/** Creates, reads and deletes the rows of jobs. */
export class JobRows {
  constructor(
    protected readonly client: DynamoDBDocumentClient,
    protected readonly table: string,
  ) {}

  async get(id: string): Promise<JobRow | undefined> {
    const { Item } = await this.client.send(
      new GetCommand({ TableName: this.table, Key: { id }, ConsistentRead: true }),
    );
    return Item as JobRow | undefined;
  }

  /** Stores a new row. Returns false if a row with its id exists. */
  async create(row: JobRow): Promise<boolean> {
    const put = new PutCommand({
      TableName: this.table,
      Item: row,
      ConditionExpression: 'attribute_not_exists(id)',
    });
    return (await ifHolds(this.client.send(put))) !== undefined;
  }

  /**
   * Stores a new row and a record of the request that created it, in one transaction.
   *
   * @param replaces id of an earlier job of the same request that may be replaced
   * @returns the record of an earlier identical request, if there is one that has not expired
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
        // DynamoDB may delete expired items days late.
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
      // Of two identical concurrent requests, one conflicts with the other's transaction before its
      // condition is checked.
      await despiteConflicts(() => this.client.send(transaction));
      return undefined;
    } catch (error) {
      if (!(error instanceof TransactionCanceledException)) throw error;
      const earlier = await this.remembered(request.id, nowSeconds);
      // Cancelled for another reason: the caller may retry.
      if (earlier === undefined || earlier.job_id === replaces) throw error;
      return earlier;
    }
  }

  /** The record of an earlier request, if there is one that has not expired. */
  async remembered(id: string, nowSeconds: number): Promise<IdempotencyRow | undefined> {
    const earlier = (await this.get(id)) as IdempotencyRow | undefined;
    return earlier === undefined || earlier.expires_at < nowSeconds ? undefined : earlier;
  }

  /** Deletes an ended job's row. Returns false if it has been deleted, or the job is open again. */
  async erase(id: string, tenant: string): Promise<boolean> {
    const answer = await ifHolds(
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
    return answer !== undefined;
  }

  /** A tenant's jobs, newest first. `next` is the start of the next page. */
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

  /** Open jobs that have not changed for too long, oldest first. */
  async due(now: Date, limit: number): Promise<JobRow[]> {
    const { Items = [] } = await this.client.send(
      new QueryCommand({
        TableName: this.table,
        IndexName: INDEX.open,
        KeyConditionExpression: '#open = :open AND sweep_at < :now',
        ExpressionAttributeNames: { '#open': 'open' },
        ExpressionAttributeValues: { ':open': 'open', ':now': secondsOf(now) },
        Limit: limit,
      }),
    );
    return Items as JobRow[];
  }

  /** Updates a row. Returns undefined if a condition does not hold. */
  protected async update(id: string, conditions: Condition[], change: Change): Promise<JobRow | undefined> {
    const command = new UpdateCommand({
      TableName: this.table,
      Key: { id },
      ...update(conditions, change),
      ReturnValues: 'ALL_NEW',
    });
    // Another process may end the job in a transaction.
    const answer = await ifHolds(despiteConflicts(() => this.client.send(command)));
    return answer?.Attributes as JobRow | undefined;
  }
}
