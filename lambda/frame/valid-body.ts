import type * as z from 'zod/mini';
import { complaint } from '../../core/forms/complaint';
import { Refusal } from './refusal';

/**
 * A body that keeps to a schema.
 *
 * @throws Refusal (400) naming the field, what it must be and what it was
 */
export function validBody<T>(schema: z.ZodMiniType<T>, body: unknown): T {
  const parsed = schema.safeParse(body);
  if (parsed.success) return parsed.data;
  const { param, message } = complaint(parsed.error, body);
  throw new Refusal(400, 'invalid_request', message, { param });
}
