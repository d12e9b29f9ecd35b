import type { ErrorBody, ErrorCode } from '../../../lambda/contract';

/** The body of an error answer, in OpenAI's shape. */
export function errorBody(status: number, code: ErrorCode, message: string): ErrorBody {
  const type = status === 429 ? 'rate_limit_error' : status >= 500 ? 'server_error' : 'invalid_request_error';
  return { error: { message, type, param: null, code } };
}

/** A request is refused before anything is made of it. */
export class Refusal extends Error {
  override readonly name = 'Refusal';

  constructor(
    readonly status: number,
    readonly code: ErrorCode,
    message: string,
    /** Of the answer, besides. */
    readonly headers: Readonly<Record<string, string>> = {},
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}
