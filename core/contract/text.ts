import * as z from 'zod/mini';

const SHOWN_CHARACTERS = 100;

/**
 * Number of characters as in Python: a character outside the first 65,536 counts once, not twice.
 */
const characters = (value: string): number => [...value].length;

/** Quotes a string for an error message: its start, in quotes, without control characters. */
export function shown(value: string): string {
  // Cut before counting, because a value may have megabytes.
  const start = [...value.slice(0, 2 * SHOWN_CHARACTERS + 2)].slice(0, SHOWN_CHARACTERS).join('');
  return JSON.stringify(start.length < value.length ? `${start}…` : start);
}

/** Quotes any value of a JSON body for an error message. */
export function shownValue(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (typeof value === 'string') return shown(value);
  const json = JSON.stringify(value);
  return json.length <= SHOWN_CHARACTERS ? json : `${json.slice(0, SHOWN_CHARACTERS)}…`;
}

/**
 * Schema of all strings in requests: well-formed Unicode with at most `most` characters. A lone
 * surrogate cannot be encoded in UTF-8, which the table, the queue and the model services require.
 */
export const text = (most: number, least = 0) =>
  z.string().check(
    z.refine(
      // A character has at most two UTF-16 units, so a value that is much too long is not counted.
      (value) => value.length <= 2 * most && characters(value) <= most,
      `Expected at most ${most} characters: shorten it`,
    ),
    z.refine((value) => value.isWellFormed(), 'Expected valid Unicode: remove lone surrogates'),
    z.minLength(least),
    // For the JSON schema, which cannot express the check above.
    z.meta({ maxLength: most }),
  );
