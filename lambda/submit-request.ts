import { en } from 'zod/locales';
import * as z from 'zod/mini';
import type { SubmitJobRequest } from './contract';
import { Refusal } from './http';
import { jobOptions } from './job-options';

z.config(en());

const schema: z.ZodMiniType<SubmitJobRequest> = z.strictObject({
  name: z.optional(z.string().check(z.maxLength(1024))),
  size: z.optional(z.int().check(z.minimum(1))),
  options: z.optional(jobOptions),
});

/** What a deployment takes. */
export interface Limits {
  maxUploadBytes: number;
  /** Whether its path understands recordings. */
  analysis: boolean;
}

/**
 * A valid request for a job.
 *
 * @throws Refusal (400) naming the field, what it must be and what it was; (413) for an upload that is too large
 */
export function parseSubmitJob(body: unknown, { maxUploadBytes, analysis }: Limits): SubmitJobRequest {
  const parsed = schema.safeParse(body);
  if (!parsed.success) {
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
      {
        param: param === '' ? undefined : param,
      },
    );
  }
  const { size, options } = parsed.data;
  if (options?.analysis && !analysis) {
    throw new Refusal(
      400,
      'invalid_request',
      '"options.analysis" is not to be had: this deployment transcribes, and understands nothing. Leave it out, or deploy the path Hybrid or Voxtral',
      { param: 'options.analysis' },
    );
  }
  if (size !== undefined && size > maxUploadBytes) {
    throw new Refusal(
      413,
      'upload_too_large',
      `"size" must be at most ${maxUploadBytes} bytes; got ${size}`,
      {
        param: 'size',
      },
    );
  }
  return parsed.data;
}

/** Where a value may be a constant or an object: what is wrong with the object, if one was given. */
function innermost(issue: z.core.$ZodIssue | undefined, body: unknown): z.core.$ZodIssue | undefined {
  if (issue?.code !== 'invalid_union' || typeof at(body, issue.path) !== 'object') return issue;
  const found = issue.errors.at(-1)?.[0];
  return found === undefined ? issue : { ...found, path: [...issue.path, ...found.path] };
}

const at = (body: unknown, path: PropertyKey[]) =>
  path.reduce<unknown>((value, key) => (value as Record<PropertyKey, unknown> | undefined)?.[key], body);

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
