/** A body that is no form, or holds what a form may not. The message is for its sender. */
export class FormError extends Error {
  override readonly name = 'FormError';

  constructor(
    message: string,
    /** The field at fault, if it is one. */
    readonly param?: string,
  ) {
    super(message);
  }
}
