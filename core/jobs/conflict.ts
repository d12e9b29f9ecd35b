import { setTimeout as sleep } from 'node:timers/promises';
import { TransactionCanceledException, TransactionConflictException } from '@aws-sdk/client-dynamodb';

const TRIES = 8;
const FIRST_DELAY_MS = 25;

/** Whether a write met a transaction on the same item: neither was wrong, and the SDK repeats neither by itself. */
const isConflict = (error: unknown): boolean =>
  error instanceof TransactionConflictException ||
  (error instanceof TransactionCanceledException &&
    error.CancellationReasons?.some(({ Code }) => Code === 'TransactionConflict') === true);

/** Makes a write again where it met another one: a counter is what many write to at the same time. */
export async function despiteConflicts<T>(write: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await write();
    } catch (error) {
      if (!isConflict(error) || tries === TRIES) throw error;
      // At random, so that those that met do not meet again.
      await sleep(Math.random() * FIRST_DELAY_MS * 2 ** tries);
    }
  }
}
