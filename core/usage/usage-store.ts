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

  /** What a key has used on the day of `now`, including what is reserved for open jobs. */
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
        // Negative if the row was deleted while something was reserved.
        return used === undefined ? [] : [[unit, Math.max(0, used)]];
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

  /**
   * The update that reserves quota, for a transaction with the job. It is refused if the quota of a
   * unit is used up. It may exceed the remaining quota if any is left.
   */
  reservation(keyId: string, measures: Measures, limits: Measures, now: Date) {
    const { ExpressionAttributeValues: values, ...addition } = this.addition(keyId, measures, now);
    const limited = UNITS.filter((unit) => measures[unit] !== undefined && limits[unit] !== undefined);
    const conditions = limited.map((unit) => {
      const isLeft = `#${UNIT[unit].counter} < :${unit}_limit`;
      return limits[unit] === 0 ? isLeft : `(attribute_not_exists(#${UNIT[unit].counter}) OR ${isLeft})`;
    });
    return {
      ...addition,
      ConditionExpression: conditions.join(' AND '),
      ExpressionAttributeValues: {
        ...values,
        ...Object.fromEntries(limited.map((unit) => [`:${unit}_limit`, limits[unit]])),
      },
    };
  }

  /**
   * The update that adds usage, for a transaction with the counted item.
   *
   * @param measures may be negative, to correct a reservation
   * @param day of the counter. @default - the day of `now`
   */
  addition(keyId: string, measures: Measures, now: Date, day = dayOf(now)) {
    const counted = UNITS.filter((unit) => measures[unit] !== undefined);
    const additions = counted.map((unit) => `#${UNIT[unit].counter} :${unit}`).join(', ');
    return {
      TableName: this.table,
      Key: { id: usageId(keyId, day) },
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
