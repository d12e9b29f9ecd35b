import type { ErrorBody, ErrorCode } from './contract';

/** The body of an error answer, in OpenAI's shape: whoever answers over HTTP, functions and the worker, says it so. */
export function errorBody(
  status: number,
  code: ErrorCode,
  message: string,
  param: string | null = null,
): ErrorBody {
  const type = status === 429 ? 'rate_limit_error' : status >= 500 ? 'server_error' : 'invalid_request_error';
  return { error: { message, type, param, code } };
}
