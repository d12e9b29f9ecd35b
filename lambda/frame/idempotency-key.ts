import { Refusal } from './refusal';

const KEY_PATTERN = /^[\x21-\x7e]{1,255}$/;

/** The request's `Idempotency-Key`, if it has one. */
export function idempotencyKey(headers: Record<string, string | undefined>): string | undefined {
  const key = headers['idempotency-key'];
  if (key !== undefined && !KEY_PATTERN.test(key)) {
    throw new Refusal(
      400,
      'invalid_request',
      'Idempotency-Key must be 1 to 255 printable ASCII characters without spaces',
      {
        param: 'Idempotency-Key',
      },
    );
  }
  return key;
}
