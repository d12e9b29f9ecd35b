import { TransactionCanceledException, TransactionConflictException } from '@aws-sdk/client-dynamodb';
import { ExponentialBackoff, fullJitterGenerator, handleWhen, retry } from 'cockatiel';

/** Whether a write met a transaction on the same item: neither was wrong, and the SDK repeats neither by itself. */
const isConflict = (error: unknown): boolean =>
  error instanceof TransactionConflictException ||
  (error instanceof TransactionCanceledException &&
    error.CancellationReasons?.some(({ Code }) => Code === 'TransactionConflict') === true);

const again = retry(handleWhen(isConflict), {
  maxAttempts: 7,
  // At random, so that those that met do not meet again.
  backoff: new ExponentialBackoff({ initialDelay: 50, generator: fullJitterGenerator }),
});

/** Makes a write again where it met another one: a counter is what many write to at the same time. */
export const despiteConflicts = <T>(write: () => Promise<T>): Promise<T> => again.execute(write);
