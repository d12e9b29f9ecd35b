import type { JobRow } from '../../core/contract/job';
import { statusOf } from '../../core/contract/errors';
import { Refusal } from '../frame/refusal';

/**
 * The error of a job that ended without a transcript. OpenAI's clients must not retry it, because
 * the job was tried several times. If the caller sends the recording again, a new job is created.
 */
export function jobFailure({ id, status, error }: JobRow, param?: string): Refusal {
  const { code = 'not_ready', message = 'it has no transcript' } = error ?? {};
  return new Refusal(statusOf(code), code, `Job ${id} is ${status}: ${message}`, {
    param,
    shouldRetry: false,
    jobId: id,
  });
}
