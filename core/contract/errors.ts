import { type ErrorCode, PERMANENT_CODES } from './names';
import type { ErrorBody } from './values';

/** Base class of Spotscribe's errors, with a stable code. */
export class SpotscribeError extends Error {
  override readonly name: string = 'SpotscribeError';

  constructor(
    readonly code: ErrorCode,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }

  /** Whether the error is in the request, so that a retry cannot help. */
  get permanent(): boolean {
    return (PERMANENT_CODES as readonly string[]).includes(this.code);
  }
}

/** The attempt no longer holds the job: another attempt claimed it, or it has ended. */
export class StaleAttempt extends SpotscribeError {
  override readonly name = 'StaleAttempt';

  constructor(id: string, attempt: number) {
    super('internal', `Job ${id} is no longer held by attempt ${attempt}`);
  }
}

/**
 * HTTP statuses of errors that are stored with a job or sent within a stream. The services use the
 * same statuses. All other codes have 422.
 */
const STATUS: Partial<Record<ErrorCode, number>> = {
  invalid_request: 400,
  model_not_found: 404,
  audio_too_long: 413,
  upload_too_large: 413,
  unsupported_media_type: 415,
  attempts_exhausted: 500,
  internal: 500,
  model_missing: 503,
  busy: 503,
};

/** The HTTP status of an error without one. */
export const statusOf = (code: ErrorCode): number => STATUS[code] ?? 422;

/** The body of an error response in OpenAI's format, for the functions and the worker. */
export function errorBody(
  status: number,
  code: ErrorCode,
  message: string,
  param: string | null = null,
  jobId?: string,
): ErrorBody {
  const type = status === 429 ? 'rate_limit_error' : status >= 500 ? 'server_error' : 'invalid_request_error';
  return { error: { message, type, param, code, ...(jobId !== undefined && { job_id: jobId }) } };
}
