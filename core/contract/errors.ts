import { type ErrorCode, PERMANENT_CODES } from './names';

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
