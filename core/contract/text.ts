import * as z from 'zod/mini';

const SHOWN_CHARACTERS = 100;

/** Characters as Python counts them: one outside the first 65,536 is one, not two. */
const characters = (value: string): number => [...value].length;

/** A value as an error message quotes it: the beginning, in quotes, without control characters. */
export function shown(value: string): string {
  // The first characters are cut out before they are counted: a value may have megabytes.
  const start = [...value.slice(0, 2 * SHOWN_CHARACTERS + 2)].slice(0, SHOWN_CHARACTERS).join('');
  return JSON.stringify(start.length < value.length ? `${start}…` : start);
}

/** Any value of a JSON body as an error message quotes it. */
export function shownValue(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (typeof value === 'string') return shown(value);
  const json = JSON.stringify(value);
  return json.length <= SHOWN_CHARACTERS ? json : `${json.slice(0, SHOWN_CHARACTERS)}…`;
}

/**
 * Every string of a request: well-formed Unicode of at most so many characters. Half a character (a lone surrogate) cannot be
 * written as UTF-8, which is what the table, the queue and the model services take.
 */
export const text = (most: number, least = 0) =>
  z.string().check(
    z.refine(
      // Two UTF-16 units at most make a character: what is much too long is not counted.
      (value) => value.length <= 2 * most && characters(value) <= most,
      `Expected at most ${most} characters: shorten it`,
    ),
    z.refine((value) => value.isWellFormed(), 'Expected whole Unicode characters: remove lone surrogates'),
    z.minLength(least),
    // For the JSON schema, which cannot see into the check above.
    z.meta({ maxLength: most }),
  );
