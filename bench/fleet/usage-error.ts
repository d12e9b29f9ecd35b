/** A mistake of the user. The message names the value and the cure; print no stack trace. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}
