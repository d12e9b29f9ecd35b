import type { JobRow } from '../../core/contract/job';
import { statusOf } from '../../core/contract/errors';
import { Refusal } from '../frame/refusal';

/**
 * Why a job has no transcript and never will. OpenAI's clients do not repeat it by themselves, as the job has been tried
 * several times; a caller who sends the recording again makes a new job.
 */
export function jobFailure({ id, status, error }: JobRow, param?: string): Refusal {
  const { code = 'not_ready', message = 'it has no transcript' } = error ?? {};
  return new Refusal(statusOf(code), code, `Job ${id} is ${status}: ${message}`, {
    param,
    shouldRetry: false,
    jobId: id,
  });
}
