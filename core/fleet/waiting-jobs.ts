import { type DynamoDBDocumentClient, QueryCommand } from '@aws-sdk/lib-dynamodb';
import { INDEX } from '../contract/keys';
import type { WaitingRow } from '../contract/machine';

/** Attributes of `INDEX.waiting` besides its keys. */
export const WAITING_ATTRIBUTES = [
  'estimate',
  'input_bytes',
  'queued_at',
] as const satisfies (keyof WaitingRow)[];

/** Reads which jobs wait for a worker. */
export class WaitingJobs {
  constructor(
    private readonly client: DynamoDBDocumentClient,
    private readonly table: string,
  ) {}

  /**
   * Jobs that no worker holds, the oldest first.
   *
   * @param most number of jobs after which it stops
   * @param now epoch milliseconds
   */
  async find(most: number, now: number): Promise<WaitingRow[]> {
    const rows: WaitingRow[] = [];
    let start: Record<string, unknown> | undefined;
    do {
      const { Items = [], LastEvaluatedKey } = await this.client.send(
        new QueryCommand({
          TableName: this.table,
          IndexName: INDEX.waiting,
          KeyConditionExpression: '#open = :open AND waits_from <= :now',
          ExpressionAttributeNames: { '#open': 'open' },
          ExpressionAttributeValues: { ':open': 'open', ':now': now },
          Limit: most - rows.length,
          ExclusiveStartKey: start,
        }),
      );
      rows.push(...(Items as WaitingRow[]));
      start = LastEvaluatedKey;
    } while (start !== undefined && rows.length < most);
    return rows;
  }
}
