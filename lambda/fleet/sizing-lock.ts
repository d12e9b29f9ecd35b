import { randomUUID } from 'node:crypto';
import { type DynamoDBDocumentClient, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { ifHolds } from '../../core/jobs/conditional-write';
import { SIZING_ROW_ID } from '../../core/contract/keys';
import { SIZING_SECONDS } from '../../core/contract/limits';

/** Longer than a run can last, so a holder whose time is over has stopped. */
const HELD_MS = (SIZING_SECONDS + 10) * 1000;

/**
 * After this many sizings, the holder leaves the rest to the next run, because its own time is
 * limited.
 */
const MOST_SIZINGS = 4;

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
    if (!(await this.take(holder))) return undefined;
    try {
      for (let sizings = 1; ; sizings++) {
        const result = await size();
        if (sizings === MOST_SIZINGS || !(await this.mustSizeAgain(holder))) return result;
      }
    } finally {
      await this.write('REMOVE holder, held_until, again', 'holder = :holder', { ':holder': holder });
    }
  }

  private async take(holder: string): Promise<boolean> {
    for (let attempt = 0; attempt < TRIES; attempt++) {
      const now = Date.now();
      const taken = await this.write(
        'SET holder = :holder, held_until = :until REMOVE again',
        'attribute_not_exists(holder) OR held_until < :now',
        { ':holder': holder, ':until': now + HELD_MS, ':now': now },
      );
      if (taken) return true;
      const notified = await this.write('SET again = :yes', 'held_until >= :now', {
        ':yes': true,
        ':now': now,
      });
      if (notified) return false;
    }
    return false;
  }

  /**
   * Releases the lock, unless another run has asked since the last sizing began: then the holder
   * keeps it.
   */
  private async mustSizeAgain(holder: string): Promise<boolean> {
    const released = await this.write(
      'REMOVE holder, held_until',
      'holder = :holder AND attribute_not_exists(again)',
      { ':holder': holder },
    );
    if (released) return false;
    // Fails only if the holder has lost the lock because its time was over.
    return this.write('SET held_until = :until REMOVE again', 'holder = :holder', {
      ':holder': holder,
      ':until': Date.now() + HELD_MS,
    });
  }

  private async write(
    UpdateExpression: string,
    ConditionExpression: string,
    ExpressionAttributeValues: Record<string, unknown>,
  ): Promise<boolean> {
    const update = new UpdateCommand({
      TableName: this.table,
      Key: { id: SIZING_ROW_ID },
      UpdateExpression,
      ConditionExpression,
      ExpressionAttributeValues,
    });
    return (await ifHolds(this.client.send(update))) !== undefined;
  }
}
