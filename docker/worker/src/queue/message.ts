import { JobMessage } from '../../../../core/contract/job';
import { MAX_RECEIVES } from '../../../../core/contract/limits';

/** The job that a message names, and what has become of its earlier messages: see {@link JobMessage}. */
export interface NamedJob {
  jobId: string;
  failures: number;
  unready: number;
}

/** The job that a message names, or why it names none that we may work on. */
export type ParsedMessage = NamedJob | { fault: string };

/** Reads a message's body. */
export function parseMessage(body: string | undefined): ParsedMessage {
  let content: unknown;
  try {
    content = JSON.parse(body ?? '');
  } catch {
    return { fault: 'the body is not JSON' };
  }
  const parsed = JobMessage.safeParse(content);
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
