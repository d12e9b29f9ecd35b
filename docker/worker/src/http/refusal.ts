import type { ErrorCode } from '../../../../core/contract/names';

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
