import type { TransactionCanceledException } from '@aws-sdk/client-dynamodb';

/** Names of errors for throttling, temporary unavailability and network failures. */
const NAMES = new Set([
  'InternalError',
  'InternalServerError',
  'ItemCollectionSizeLimitExceededException',
  'LimitExceededException',
  'NetworkingError',
  'ProvisionedThroughputExceededException',
  'RequestLimitExceeded',
  'RequestTimeout',
  'RequestTimeoutException',
  'ServiceUnavailable',
  'ServiceUnavailableException',
  'SlowDown',
  'Throttling',
  'ThrottlingException',
  'ThrottledException',
  'TimeoutError',
  'TooManyRequestsException',
  'TransactionConflictException',
  'TransactionInProgressException',
]);
const NETWORK = /^(E(CONN|PIPE|HOST|NET|AI_)|ENOTFOUND|ETIMEDOUT)/;

/** Cancellation reasons of a transaction that may succeed if it is repeated. */
const REASONS = new Set([
  'None',
  'ConditionalCheckFailed',
  'TransactionConflict',
  'ThrottlingError',
  'ProvisionedThroughputExceeded',
]);

/**
 * Whether a failed AWS call is temporary, so that the same request may succeed in a moment. Errors
 * in the request itself (`ValidationException`, `SerializationException`) are permanent: a caller
 * who is asked to retry would retry for ever.
 */
export function isOverload(error: unknown): boolean {
  const {
    name = '',
    code = '',
    $metadata,
  } = error as {
    name?: string;
    code?: string;
    $metadata?: { httpStatusCode?: number };
  };
  if (name === 'TransactionCanceledException') {
    const { CancellationReasons: reasons = [] } = error as Partial<TransactionCanceledException>;
    return reasons.every(({ Code = 'None' }) => REASONS.has(Code));
  }
  const status = $metadata?.httpStatusCode ?? 0;
  return NAMES.has(name) || NAMES.has(code) || NETWORK.test(code) || status === 429 || status >= 500;
}
