import type { JobRow } from '../../core/contract/job';
import { statusOf } from '../../core/contract/errors';
import { Refusal } from '../frame/refusal';
import type { JobAnswer } from './task-request';

/**
 * The error of a job that ended without a result. OpenAI's clients must not retry it, because
 * the job was tried several times. If the caller sends the same request again, a new job is created.
 */
export function jobFailure({ id, status, error }: JobRow, { route, fault }: JobAnswer): Refusal {
  const { code = 'not_ready', message = `it has no ${route.result}` } = error ?? {};
  const about = fault?.(message) ?? { message };
  return new Refusal(statusOf(code), code, `Job ${id} is ${status}: ${about.message}`, {
    param: about.param,
    shouldRetry: false,
    jobId: id,
  });
}
