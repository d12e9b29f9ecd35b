import * as z from 'zod/mini';
import { text } from '../contract/text';

// Parsers for the text of form fields.

const NUMBER = /^\s*[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d{1,2})?\s*$/i;
const TRUE = /^(true|1|yes|on|t|y)$/i;
const FALSE = /^(false|0|no|off|f|n)$/i;
/** Most characters of a number or a keyword. */
const MOST_WORD = 64;

const word = text(MOST_WORD);

/** Parses a field's text, or reports `message` if `make` returns undefined. */
const made = <T>(make: (value: string) => T | undefined, message: string) =>
  z.pipe(
    word,
    z.transform((value, context): T => {
      const meant = make(value);
      if (meant !== undefined) return meant;
      context.issues.push({ code: 'custom', message, input: value });
      return z.NEVER;
    }),
  );

/** A number from `least` to `most`, both included. */
export const number = (least: number, most: number, kind: 'a whole number' | 'a number' = 'a whole number') =>
  made((value) => {
    const got = NUMBER.test(value) ? Number(value) : NaN;
    const fits = got >= least && got <= most && (kind === 'a number' || Number.isInteger(got));
    return fits ? got : undefined;
  }, `Expected ${kind} from ${least} to ${most}`);

export const flag = () =>
  made(
    (value) => (TRUE.test(value) ? true : FALSE.test(value) ? false : undefined),
    'Expected true or false',
  );

/** One of a fixed set of words. */
export const choice = <T extends string>(words: readonly T[]) =>
  made((value) => words.find((each) => each === value), `Expected one of ${words.join(', ')}`);

/** An object as JSON. Clients send either its fields one by one or the whole object. */
export const object = <T>(shape: z.ZodMiniType<T>, most: number, message: string) =>
  z.pipe(
    text(most),
    z.transform((value, context): T => {
      const parsed = shape.safeParse(jsonOf(value));
      if (parsed.success) return parsed.data;
      context.issues.push({ code: 'custom', message, input: value });
      return z.NEVER;
    }),
  );

function jsonOf(value: string): unknown {
  try {
    return JSON.parse(value);
  } catch {
    return value;
  }
}
