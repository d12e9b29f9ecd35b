import { type DynamoDBDocumentClient, GetCommand, TransactWriteCommand } from '@aws-sdk/lib-dynamodb';
import { ifHolds } from '../jobs/conditional-write';
import { despiteConflicts } from '../jobs/conflict';
import { chargedId, usageId } from '../contract/keys';
import type { UsageRow } from '../contract/usage';
import { dayOf } from './quota';

/** How long a day's counter stays, for who wants to look. */
const KEPT_SECONDS = 8 * 86_400;

/** How long the same recording is not counted again: clients that heard no answer have repeated the request by then. */
const CHARGED_SECONDS = 15 * 60;

/**
 * How much audio keys have used, by the day: counters in the jobs table, where whoever does the work may write already
 * (docs/decisions/011).
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
   * Adds the seconds of a recording, unless it was counted within the last 15 minutes.
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
    const nowSeconds = Math.floor(now.getTime() / 1000);
    const charge = {
      TableName: this.table,
      Item: { id: chargedId(keyId, sha256), expires_at: nowSeconds + CHARGED_SECONDS },
      // The table's TTL may delete days later than it says.
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

  /** The update that adds, for a transaction with what it is counted for. */
  addition(keyId: string, seconds: number, now: Date) {
    return {
      TableName: this.table,
      Key: { id: usageId(keyId, dayOf(now)) },
      UpdateExpression: 'SET expires_at = if_not_exists(expires_at, :until) ADD #seconds :seconds',
      ExpressionAttributeNames: { '#seconds': 'seconds' },
      ExpressionAttributeValues: {
        ':seconds': seconds,
        ':until': Math.floor(now.getTime() / 1000) + KEPT_SECONDS,
      },
    };
  }
}
