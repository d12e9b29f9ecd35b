import { en } from 'zod/locales';
import * as z from 'zod/mini';
import { shownValue } from '../contract/text';

z.config(en());

/** A validation error for the caller: the field (undefined for the whole value) and a message. */
export interface Complaint {
  param?: string;
  message: string;
}

/** Describes the first validation error. The length of the message does not depend on the value. */
export function complaint(error: z.core.$ZodError, value: unknown): Complaint {
  const issue = innermost(error.issues[0], value);
  // zod reports an unknown field as an issue of its object.
  const unknown = issue?.code === 'unrecognized_keys' ? issue.keys.slice(0, 1) : [];
  const path = [...(issue?.path ?? []), ...unknown];
  const param = path.join('.').slice(0, 100).toWellFormed();
  const where = param === '' ? 'The body' : `"${param}"`;
  return {
    param: param === '' ? undefined : param,
    message: `${where} is not valid: ${issue?.message.slice(0, 200)}; got ${shownValue(at(value, path))}`,
  };
}

/** For a union of a constant and an object: if an object was given, the issue within the object. */
function innermost(issue: z.core.$ZodIssue | undefined, body: unknown): z.core.$ZodIssue | undefined {
  if (issue?.code !== 'invalid_union' || typeof at(body, issue.path) !== 'object') return issue;
  const found = issue.errors.at(-1)?.[0];
  return found === undefined ? issue : { ...found, path: [...issue.path, ...found.path] };
}

const at = (body: unknown, path: PropertyKey[]) =>
  path.reduce<unknown>((value, key) => (value as Record<PropertyKey, unknown> | undefined)?.[key], body);
