import { z } from 'zod';
import { JOB_ID_PATTERN } from '../../../lambda/contract';

const schema = z.object({ version: z.literal(1), job_id: z.string().regex(new RegExp(JOB_ID_PATTERN)) });

/** The job that a message names, or why it names none that we may work on. */
export type ParsedMessage = { jobId: string } | { fault: string };

/** Reads a message's body. The id becomes part of keys and paths, so nothing but its exact form passes. */
export function parseMessage(body: string | undefined): ParsedMessage {
  let content: unknown;
  try {
    content = JSON.parse(body ?? '');
  } catch {
    return { fault: 'the body is not JSON' };
  }
  const parsed = schema.safeParse(content);
  if (parsed.success) return { jobId: parsed.data.job_id };
  const [issue] = parsed.error.issues;
  return { fault: `${issue?.path.join('.') ?? 'body'}: ${issue?.message}` };
}

/** Seconds after which a message comes back that was received `receives` times, and failed each time. */
export const backoffSeconds = (receives: number) => Math.min(5 * 2 ** (Math.max(1, receives) - 1), 300);
