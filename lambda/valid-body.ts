import { en } from 'zod/locales';
import * as z from 'zod/mini';
import { Refusal } from './http';

z.config(en());

/**
 * A body that keeps to a schema.
 *
 * @throws Refusal (400) naming the field, what it must be and what it was
 */
export function validBody<T>(schema: z.ZodMiniType<T>, body: unknown): T {
  const parsed = schema.safeParse(body);
  if (parsed.success) return parsed.data;
  const issue = innermost(parsed.error.issues[0], body);
  // An unknown field is an issue of the object that has it.
  const unknown = issue?.code === 'unrecognized_keys' ? issue.keys.slice(0, 1) : [];
  const path = [...(issue?.path ?? []), ...unknown];
  const param = path.join('.').slice(0, 100);
  const shown = JSON.stringify(at(body, path))?.slice(0, 100) ?? 'nothing';
  const where = param === '' ? 'The body' : `"${param}"`;
  throw new Refusal(
    400,
    'invalid_request',
    `${where} is not valid: ${issue?.message.slice(0, 200)}; got ${shown}`,
    { param: param === '' ? undefined : param },
  );
}

/** Where a value may be a constant or an object: what is wrong with the object, if one was given. */
function innermost(issue: z.core.$ZodIssue | undefined, body: unknown): z.core.$ZodIssue | undefined {
  if (issue?.code !== 'invalid_union' || typeof at(body, issue.path) !== 'object') return issue;
  const found = issue.errors.at(-1)?.[0];
  return found === undefined ? issue : { ...found, path: [...issue.path, ...found.path] };
}

const at = (body: unknown, path: PropertyKey[]) =>
  path.reduce<unknown>((value, key) => (value as Record<PropertyKey, unknown> | undefined)?.[key], body);
