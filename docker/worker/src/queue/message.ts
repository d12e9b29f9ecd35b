import { JobMessage } from '../../../../core/contract/job';
import { MAX_FAILURES, MAX_RECEIVES } from '../../../../core/contract/limits';

/** The job named in a message, with the counts of its earlier messages: see {@link JobMessage}. */
export interface NamedJob {
  jobId: string;
  failures: number;
  losses: number;
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
    const { job_id: jobId, failures = 0, losses = 0, unready = 0 } = parsed.data;
    return { jobId, failures, losses, unready };
  }
  const [issue] = parsed.error.issues;
  return { fault: `${issue?.path.join('.') ?? 'body'}: ${issue?.message}` };
}

/**
 * Number of losses before the current receive of a message. Each earlier receive was one: a worker
 * that reports an end deletes or replaces the message.
 */
export const lossesBefore = (losses: number, receives: number) => losses + Math.max(0, receives - 1);

/** Whether a job with these failures and losses is not tried again. */
export const isExhausted = (failures: number, losses: number) =>
  failures >= MAX_FAILURES || losses >= MAX_RECEIVES;

/** Delay in seconds before the retry of a job with this number of failures. */
export const backoffSeconds = (failures: number) => Math.min(5 * 2 ** (Math.max(1, failures) - 1), 300);
