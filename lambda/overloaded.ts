const PASSING =
  /Throttl|TooManyRequests|ProvisionedThroughput|RequestLimit|SlowDown|ServiceUnavailable|InternalServerError|InternalError|TransactionConflict|TransactionCanceled|TimeoutError|NetworkingError|ECONN|ETIMEDOUT|EPIPE|EAI_AGAIN/;

/** Whether AWS throttled the caller, failed or could not be reached: the same request may succeed later. */
export function isOverloaded(error: unknown): boolean {
  const { name, code, $metadata } = error as {
    name?: string;
    code?: string;
    $metadata?: { httpStatusCode?: number };
  };
  const status = $metadata?.httpStatusCode ?? 0;
  return PASSING.test(`${name} ${code}`) || status === 429 || status >= 500;
}
