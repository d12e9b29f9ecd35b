import { CliError, UnreachableError } from '../errors';
import { Retryable } from './retry';

const CURE: Record<string, string> = {
  ECONNREFUSED: 'connection refused. Check the URL, and that the service is running',
  ENOTFOUND: 'the host does not exist. Check the URL',
  EAI_AGAIN: 'the host name could not be resolved. Check the network connection',
  CERT_HAS_EXPIRED: 'its certificate has expired',
};

/**
 * Converts a network error of `fetch` to {@link Retryable}. Other errors are returned unchanged.
 */
export function networkError(error: unknown, url: string, interruption?: AbortSignal): unknown {
  if (error instanceof CliError || error instanceof Retryable) return error;
  if (interruption?.aborted === true) return interruption.reason;
  const { name, cause, message: said = '' } = error as Partial<Error>;
  if (name === 'TimeoutError') {
    return new Retryable(new UnreachableError(`Cannot reach ${url}: no answer in time`, { cause: error }));
  }
  // fetch throws a TypeError for every network failure, with the reason as its cause.
  if (name !== 'TypeError' || cause === undefined) return error;
  const { code = said, message = '' } = cause as { code?: string; message?: string };
  const reason = CURE[code] ?? (message === '' ? code : message);
  return new Retryable(new UnreachableError(`Cannot reach ${url}: ${reason}`, { cause: error }));
}

/** The error for an answer that is not one of Spotscribe's. */
export const notSpotscribe = (url: string, { status }: Response): UnreachableError =>
  new UnreachableError(
    `${url} returned ${status}, but it is not a Spotscribe API. Use the URL in the output "ApiUrl" of the stack`,
  );
