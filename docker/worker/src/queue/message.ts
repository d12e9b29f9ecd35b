import { z } from 'zod';
import { JOB_ID_PATTERN, type JobMessage, MAX_RECEIVES } from '../../../../core/contract/contract';

const schema = z.object({
  version: z.literal(1),
  job_id: z.string().regex(new RegExp(JOB_ID_PATTERN)),
  failures: z.int().min(0).optional(),
  unready: z.int().min(0).optional(),
}) satisfies z.ZodType<JobMessage>;

/** The job that a message names, and what has become of its earlier messages: see {@link JobMessage}. */
export interface NamedJob {
  jobId: string;
  failures: number;
  unready: number;
}

/** The job that a message names, or why it names none that we may work on. */
export type ParsedMessage = NamedJob | { fault: string };

/** Reads a message's body. The id becomes part of keys and paths, so nothing but its exact form passes. */
export function parseMessage(body: string | undefined): ParsedMessage {
  let content: unknown;
  try {
    content = JSON.parse(body ?? '');
  } catch {
    return { fault: 'the body is not JSON' };
  }
  const parsed = schema.safeParse(content);
  if (parsed.success) {
    const { job_id: jobId, failures = 0, unready = 0 } = parsed.data;
    return { jobId, failures, unready };
  }
  const [issue] = parsed.error.issues;
  return { fault: `${issue?.path.join('.') ?? 'body'}: ${issue?.message}` };
}

/** How often a job has failed before a message was received `receives` times: its earlier receives all ended in failures. */
export const failuresBefore = (failures: number, receives: number) => failures + Math.max(0, receives - 1);

/** Whether a job that has failed so often is not tried again. */
export const isExhausted = (failures: number) => failures >= MAX_RECEIVES;

/** Seconds after which a job is tried again that has failed so often. */
export const backoffSeconds = (failures: number) => Math.min(5 * 2 ** (Math.max(1, failures) - 1), 300);
