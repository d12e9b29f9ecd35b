import type { TransactionCanceledException } from '@aws-sdk/client-dynamodb';

/** Errors by which AWS asks for less, or is not there for a moment, and those of the network on the way. */
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

/** Why a transaction was cancelled, where the same one may succeed a moment later. */
const REASONS = new Set([
  'None',
  'ConditionalCheckFailed',
  'TransactionConflict',
  'ThrottlingError',
  'ProvisionedThroughputExceeded',
]);

/**
 * Whether a failure of AWS passes by itself, so that the same request may succeed in a moment. One that AWS refuses for what it
 * says (`ValidationException`, `SerializationException`) never does: a caller who is told to come back would come for ever.
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
