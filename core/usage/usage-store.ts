import { type DynamoDBDocumentClient, GetCommand, TransactWriteCommand } from '@aws-sdk/lib-dynamodb';
import { ifHolds } from '../jobs/conditional-write';
import { secondsOf } from '../jobs/job-changes';
import { despiteConflicts } from '../jobs/conflict';
import { chargedId, usageId } from '../contract/keys';
import type { UsageRow } from '../contract/usage';
import { dayOf } from './quota';

/** How long a day's counter is kept for inspection. */
const KEPT_SECONDS = 8 * 86_400;

/**
 * How long the same recording is not counted again: clients that lost the answer repeat the request
 * within this time.
 */
const CHARGED_SECONDS = 15 * 60;

/**
 * Daily audio usage of keys. The counters are in the jobs table, which the functions and workers
 * may already write (docs/decisions/011).
 */
export class UsageStore {
  constructor(
    private readonly client: DynamoDBDocumentClient,
    private readonly table: string,
  ) {}

  /** Seconds of audio that a key has used on the day of `now`. */
  async used(keyId: string, now: Date): Promise<number> {
    const { Item } = await this.client.send(
      new GetCommand({
        TableName: this.table,
        Key: { id: usageId(keyId, dayOf(now)) },
        ConsistentRead: true,
      }),
    );
    return (Item as UsageRow | undefined)?.seconds ?? 0;
  }

  /**
   * Counts a recording, unless it was counted within the last 15 minutes.
   *
   * @param sha256 of the recording and its options
   * @returns whether it was counted now
   */
  async addOnce(
    keyId: string,
    { sha256, seconds }: { sha256: string; seconds: number },
    now: Date,
    abortSignal?: AbortSignal,
  ): Promise<boolean> {
    const nowSeconds = secondsOf(now);
    const charge = {
      TableName: this.table,
      Item: { id: chargedId(keyId, sha256), expires_at: nowSeconds + CHARGED_SECONDS },
      // DynamoDB may delete expired items days late.
      ConditionExpression: 'attribute_not_exists(id) OR expires_at < :now',
      ExpressionAttributeValues: { ':now': nowSeconds },
    };
    const transaction = new TransactWriteCommand({
      TransactItems: [{ Put: charge }, { Update: this.addition(keyId, seconds, now) }],
    });
    const answer = await ifHolds(despiteConflicts(() => this.client.send(transaction, { abortSignal })));
    return answer !== undefined;
  }

  /** Whether {@link addOnce} counted a recording within the last 15 minutes. */
  async hasCounted(keyId: string, sha256: string, now: Date): Promise<boolean> {
    const { Item } = await this.client.send(
      new GetCommand({
        TableName: this.table,
        Key: { id: chargedId(keyId, sha256) },
        ConsistentRead: true,
      }),
    );
    return Item !== undefined && (Item.expires_at as number) * 1000 >= now.getTime();
  }

  /** The update that adds usage, for a transaction with the counted item. */
  addition(keyId: string, seconds: number, now: Date) {
    return {
      TableName: this.table,
      Key: { id: usageId(keyId, dayOf(now)) },
      UpdateExpression: 'SET expires_at = if_not_exists(expires_at, :until) ADD #seconds :seconds',
      ExpressionAttributeNames: { '#seconds': 'seconds' },
      ExpressionAttributeValues: {
        ':seconds': seconds,
        ':until': secondsOf(now) + KEPT_SECONDS,
      },
    };
  }
}
