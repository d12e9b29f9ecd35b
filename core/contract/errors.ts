import { type ErrorCode, PERMANENT_CODES } from './names';
import type { ErrorBody } from './values';

/** The family of Spotscribe's errors: a stable code, and whether trying again can help. */
export class SpotscribeError extends Error {
  override readonly name: string = 'SpotscribeError';

  constructor(
    readonly code: ErrorCode,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }

  /** The caller's fault: trying again cannot help. */
  get permanent(): boolean {
    return (PERMANENT_CODES as readonly string[]).includes(this.code);
  }
}

/** The job is no longer this attempt's: another one claimed it, or it has ended. */
export class StaleAttempt extends SpotscribeError {
  override readonly name = 'StaleAttempt';

  constructor(id: string, attempt: number) {
    super('internal', `Job ${id} is no longer held by attempt ${attempt}`);
  }
}

/** Statuses of errors that come as data: of a job, or within a stream. The services answer the same; others are 422. */
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

/** The HTTP status of an error that came without one. */
export const statusOf = (code: ErrorCode): number => STATUS[code] ?? 422;

/** The body of an error answer, in OpenAI's shape, for functions and the worker alike. */
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
