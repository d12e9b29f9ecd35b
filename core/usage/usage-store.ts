import { type DynamoDBDocumentClient, GetCommand, TransactWriteCommand } from '@aws-sdk/lib-dynamodb';
import { ifHolds } from '../jobs/conditional-write';
import { secondsOf } from '../jobs/job-changes';
import { despiteConflicts } from '../jobs/conflict';
import { chargedId, usageId } from '../contract/keys';
import { UNITS } from '../contract/names';
import type { UsageRow } from '../contract/usage';
import type { Measures } from '../contract/values';
import { dayOf } from './quota';
import { UNIT } from './units';

/** How long a day's counter is kept for inspection. */
const KEPT_SECONDS = 8 * 86_400;

/**
 * How long the same recording is not counted again: clients that lost the answer repeat the request
 * within this time.
 */
const CHARGED_SECONDS = 15 * 60;

/**
 * Daily usage of keys. The counters are in the jobs table, which the functions and workers
 * may already write (docs/decisions/011).
 */
export class UsageStore {
  constructor(
    private readonly client: DynamoDBDocumentClient,
    private readonly table: string,
  ) {}

  /** What a key has used on the day of `now`. */
  async used(keyId: string, now: Date): Promise<Measures> {
    const { Item } = await this.client.send(
      new GetCommand({
        TableName: this.table,
        Key: { id: usageId(keyId, dayOf(now)) },
        ConsistentRead: true,
      }),
    );
    const row = Item as UsageRow | undefined;
    return Object.fromEntries(
      UNITS.flatMap((unit) => {
        const used = row?.[UNIT[unit].counter];
        return used === undefined ? [] : [[unit, used]];
      }),
    );
  }

  /**
   * Counts a recording, unless it was counted within the last 15 minutes.
   *
   * @param sha256 of the recording and its options
   * @returns whether it was counted now
   */
  async addOnce(
    keyId: string,
    { sha256, measures }: { sha256: string; measures: Measures },
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
      TransactItems: [{ Put: charge }, { Update: this.addition(keyId, measures, now) }],
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
  addition(keyId: string, measures: Measures, now: Date) {
    const counted = UNITS.filter((unit) => measures[unit] !== undefined);
    const additions = counted.map((unit) => `#${UNIT[unit].counter} :${unit}`).join(', ');
    return {
      TableName: this.table,
      Key: { id: usageId(keyId, dayOf(now)) },
      UpdateExpression: `SET expires_at = if_not_exists(expires_at, :until)${additions && ` ADD ${additions}`}`,
      ...(additions && {
        ExpressionAttributeNames: Object.fromEntries(
          counted.map((unit) => [`#${UNIT[unit].counter}`, UNIT[unit].counter]),
        ),
      }),
      ExpressionAttributeValues: {
        ...Object.fromEntries(counted.map((unit) => [`:${unit}`, measures[unit]])),
        ':until': secondsOf(now) + KEPT_SECONDS,
      },
    };
  }
}
