import { JOB_ID_PATTERN } from '../../core/contract/keys';
import { Refusal } from '../frame/refusal';

const MOST_CHARACTERS = 1000;
const INSTANT = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

/** Start of the next page of a listing, opaque to clients. */
export const encodeCursor = (key: Record<string, unknown>): string =>
  Buffer.from(JSON.stringify(key)).toString('base64url');

/**
 * Decodes the start of a page. The tenant is always the caller's own, whatever the cursor contains.
 *
 * @throws Refusal (400) if the cursor is invalid
 */
export function decodeCursor(cursor: string, tenant: string): Record<string, unknown> {
  try {
    if (cursor.length > MOST_CHARACTERS) throw new RangeError('The cursor is too long');
    const { id, created_at } = JSON.parse(Buffer.from(cursor, 'base64url').toString()) as Record<
      string,
      unknown
    >;
    // DynamoDB rejects keys that are empty or too long.
    if (matches(id, new RegExp(JOB_ID_PATTERN)) && matches(created_at, INSTANT))
      return { id, created_at, tenant };
  } catch {
    // Not JSON: the same answer as for JSON of another shape.
  }
  throw new Refusal(400, 'invalid_request', '"cursor" must be the value of "next" from an earlier page', {
    param: 'cursor',
  });
}

const matches = (value: unknown, pattern: RegExp) => typeof value === 'string' && pattern.test(value);
