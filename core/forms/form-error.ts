/** The body is not a valid form. The message is for the sender. */
export class FormError extends Error {
  override readonly name = 'FormError';

  constructor(
    message: string,
    /** The invalid field. @default - the error is not in a single field */
    readonly param?: string,
  ) {
    super(message);
  }
}
