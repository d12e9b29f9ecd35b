import { CliError, UnreachableError } from '../errors';
import { Retryable } from './retry';

const CURE: Record<string, string> = {
  ECONNREFUSED: 'nothing listens there; is the URL right, is the service up?',
  ENOTFOUND: 'there is no such host; is the URL right?',
  EAI_AGAIN: 'the name could not be looked up; is the network up?',
  CERT_HAS_EXPIRED: 'its certificate has expired',
};

/** What `fetch` threw, as something to retry; what is not the network's doing, as it is. */
export function networkError(error: unknown, url: string, interruption?: AbortSignal): unknown {
  if (error instanceof CliError || error instanceof Retryable) return error;
  if (interruption?.aborted === true) return interruption.reason;
  const { name, cause, message: said = '' } = error as Partial<Error>;
  if (name === 'TimeoutError') {
    return new Retryable(new UnreachableError(`Cannot reach ${url}: no answer in time`, { cause: error }));
  }
  // fetch throws a TypeError for every failure of the network, with the reason as its cause.
  if (name !== 'TypeError' || cause === undefined) return error;
  const { code = said, message = '' } = cause as { code?: string; message?: string };
  const reason = CURE[code] ?? (message === '' ? code : message);
  return new Retryable(new UnreachableError(`Cannot reach ${url}: ${reason}`, { cause: error }));
}
