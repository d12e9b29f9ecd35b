import { en } from 'zod/locales';
import * as z from 'zod/mini';
import { shownValue } from '../contract/text';

z.config(en());

/** What is wrong with a value, for its caller: the field (none for the value as a whole) and a sentence. */
export interface Complaint {
  param?: string;
  message: string;
}

/** The first thing that is wrong with a value, at a length that does not depend on the value's. */
export function complaint(error: z.core.$ZodError, value: unknown): Complaint {
  const issue = innermost(error.issues[0], value);
  // An unknown field is an issue of the object that has it.
  const unknown = issue?.code === 'unrecognized_keys' ? issue.keys.slice(0, 1) : [];
  const path = [...(issue?.path ?? []), ...unknown];
  const param = path.join('.').slice(0, 100).toWellFormed();
  const where = param === '' ? 'The body' : `"${param}"`;
  return {
    param: param === '' ? undefined : param,
    message: `${where} is not valid: ${issue?.message.slice(0, 200)}; got ${shownValue(at(value, path))}`,
  };
}

/** Where a value may be a constant or an object: what is wrong with the object, if one was given. */
function innermost(issue: z.core.$ZodIssue | undefined, body: unknown): z.core.$ZodIssue | undefined {
  if (issue?.code !== 'invalid_union' || typeof at(body, issue.path) !== 'object') return issue;
  const found = issue.errors.at(-1)?.[0];
  return found === undefined ? issue : { ...found, path: [...issue.path, ...found.path] };
}

const at = (body: unknown, path: PropertyKey[]) =>
  path.reduce<unknown>((value, key) => (value as Record<PropertyKey, unknown> | undefined)?.[key], body);
