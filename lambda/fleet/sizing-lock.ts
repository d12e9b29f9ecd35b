import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { type DynamoDBDocumentClient, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { ifHolds } from '../../core/jobs/conditional-write';
import { SIZING_ROW_ID } from '../../core/contract/keys';
import { SIZING_SECONDS } from '../../core/contract/limits';
import type { SizingRow } from '../../core/contract/machine';

/** Longer than a run can last, so a holder whose time is over has stopped. */
const HELD_MS = (SIZING_SECONDS + 10) * 1000;

/**
 * After this many sizings, the holder leaves the rest to the next run, because its own time is
 * limited.
 */
const MOST_SIZINGS = 4;

/** Shortest time from the start of one sizing to the start of the next, so that a burst of jobs causes few. */
const APART_MS = 1_000;

/**
 * Attempts to take the lock or to notify its holder. Both fail only if the holder changes in
 * between.
 */
const TRIES = 5;

/**
 * Makes sizings run one at a time. `SetDesiredCapacity` has no condition: of two concurrent runs,
 * the one with older data could lower the number that the other has just set, and Auto Scaling
 * would terminate machines.
 */
export class SizingLock {
  constructor(
    private readonly client: DynamoDBDocumentClient,
    private readonly table: string,
  ) {}

  /**
   * Runs a sizing, and repeats it if other runs asked in the meantime. A burst of jobs therefore
   * causes only a few sizings.
   *
   * @returns undefined if another run holds the lock: it repeats its sizing for this one
   */
  async exclusive<T>(size: () => Promise<T>): Promise<T | undefined> {
    const holder = randomUUID();
    const taken = await this.take(holder);
    if (taken === undefined) return undefined;
    let { sized_at = -Infinity } = taken;
    try {
      for (let sizings = 1; ; sizings++) {
        await sleep(Math.min(APART_MS, Math.max(0, sized_at + APART_MS - Date.now())));
        sized_at = Date.now();
        const result = await size();
        if (sizings === MOST_SIZINGS || !(await this.mustSizeAgain(holder))) return result;
      }
    } finally {
      await this.write('REMOVE holder, held_until, again SET sized_at = :sized', 'holder = :holder', {
        ':holder': holder,
        ':sized': sized_at,
      });
    }
  }

  /** @returns the row as it was; undefined if another run holds the lock */
  private async take(holder: string): Promise<Partial<SizingRow> | undefined> {
    for (let attempt = 0; attempt < TRIES; attempt++) {
      const now = Date.now();
      const taken = await this.write(
        'SET holder = :holder, held_until = :until REMOVE again',
        'attribute_not_exists(holder) OR held_until < :now',
        { ':holder': holder, ':until': now + HELD_MS, ':now': now },
      );
      if (taken !== undefined) return taken;
      const notified = await this.write('SET again = :yes', 'held_until >= :now', {
        ':yes': true,
        ':now': now,
      });
      if (notified !== undefined) return undefined;
    }
    return undefined;
  }

  /**
   * Releases the lock, unless another run has asked since the last sizing began: then the holder
   * keeps it.
   */
  private async mustSizeAgain(holder: string): Promise<boolean> {
    const released = await this.write(
      'REMOVE holder, held_until SET sized_at = :now',
      'holder = :holder AND attribute_not_exists(again)',
      { ':holder': holder, ':now': Date.now() },
    );
    if (released !== undefined) return false;
    // Fails only if the holder has lost the lock because its time was over.
    const kept = await this.write('SET held_until = :until REMOVE again', 'holder = :holder', {
      ':holder': holder,
      ':until': Date.now() + HELD_MS,
    });
    return kept !== undefined;
  }

  /** @returns the row before the write; undefined if the condition does not hold */
  private async write(
    UpdateExpression: string,
    ConditionExpression: string,
    ExpressionAttributeValues: Record<string, unknown>,
  ): Promise<Partial<SizingRow> | undefined> {
    const update = new UpdateCommand({
      TableName: this.table,
      Key: { id: SIZING_ROW_ID },
      UpdateExpression,
      ConditionExpression,
      ExpressionAttributeValues,
      ReturnValues: 'ALL_OLD',
    });
    const answer = await ifHolds(this.client.send(update));
    return answer && ((answer.Attributes ?? {}) as Partial<SizingRow>);
  }
}
