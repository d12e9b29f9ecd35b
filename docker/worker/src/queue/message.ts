import { JobMessage } from '../../../../core/contract/job';
import { MAX_RECEIVES } from '../../../../core/contract/limits';

/** The job named in a message, with the counts of its earlier messages: see {@link JobMessage}. */
export interface NamedJob {
  jobId: string;
  failures: number;
  unready: number;
}

/** The job named in a message, or the fault of an invalid message. */
export type ParsedMessage = NamedJob | { fault: string };

/** Parses the body of a message. */
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

/**
 * Number of failures before the current receive of a message. Each earlier receive was a failure.
 */
export const failuresBefore = (failures: number, receives: number) => failures + Math.max(0, receives - 1);

/** Whether a job with this number of failures is not retried. */
export const isExhausted = (failures: number) => failures >= MAX_RECEIVES;

/** Delay in seconds before the retry of a job with this number of failures. */
export const backoffSeconds = (failures: number) => Math.min(5 * 2 ** (Math.max(1, failures) - 1), 300);
