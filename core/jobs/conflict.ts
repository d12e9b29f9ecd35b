import { setTimeout as sleep } from 'node:timers/promises';
import { TransactionCanceledException, TransactionConflictException } from '@aws-sdk/client-dynamodb';

const TRIES = 8;
const FIRST_DELAY_MS = 25;

/**
 * Whether a write conflicted with a transaction on the same item. The SDK does not retry this
 * error.
 */
const isConflict = (error: unknown): boolean =>
  error instanceof TransactionConflictException ||
  (error instanceof TransactionCanceledException &&
    error.CancellationReasons?.some(({ Code }) => Code === 'TransactionConflict') === true);

/**
 * Retries a write that conflicts with another one. Many writers update the same counter
 * concurrently.
 */
export async function despiteConflicts<T>(write: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await write();
    } catch (error) {
      if (!isConflict(error) || tries === TRIES) throw error;
      // A random delay, so that the same writers do not conflict again.
      await sleep(Math.random() * FIRST_DELAY_MS * 2 ** tries);
    }
  }
}
