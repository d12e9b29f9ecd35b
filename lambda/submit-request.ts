import { en } from 'zod/locales';
import * as z from 'zod/mini';
import type { SubmitJobRequest } from './contract';
import { Refusal } from './http';
import { transcriptionOptions } from './transcription-options';

z.config(en());

const schema: z.ZodMiniType<SubmitJobRequest> = z.strictObject({
  name: z.optional(z.string().check(z.maxLength(1024))),
  size: z.optional(z.int().check(z.minimum(1))),
  options: z.optional(transcriptionOptions),
});

/**
 * A valid request for a job.
 *
 * @throws Refusal (400) naming the field, what it must be and what it was; (413) for an upload that is too large
 */
export function parseSubmitJob(body: unknown, maxUploadBytes: number): SubmitJobRequest {
  const parsed = schema.safeParse(body);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    // An unknown field is an issue of the object that has it.
    const unknown = issue?.code === 'unrecognized_keys' ? issue.keys.slice(0, 1) : [];
    const path = [...(issue?.path ?? []), ...unknown];
    const param = path.join('.').slice(0, 100);
    const given = path.reduce<unknown>((value, key) => (value as Record<PropertyKey, unknown>)?.[key], body);
    const shown = JSON.stringify(given)?.slice(0, 100) ?? 'nothing';
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
  const { size } = parsed.data;
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
