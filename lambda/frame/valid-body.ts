import type * as z from 'zod/mini';
import { complaint } from '../../core/forms/complaint';
import { Refusal } from './refusal';

/**
 * Validates a body against a schema.
 *
 * @throws Refusal (400) with the field, the expected value and the received value
 */
export function validBody<T>(schema: z.ZodMiniType<T>, body: unknown): T {
  const parsed = schema.safeParse(body);
  if (parsed.success) return parsed.data;
  const { param, message } = complaint(parsed.error, body);
  throw new Refusal(400, 'invalid_request', message, { param });
}
