import { awaitJob, isPending } from './await-job';
import { JOB_HEADER } from '../../core/contract/http';
import type { JobRow } from '../../core/contract/job';
import { json, Refusal, type Response } from '../frame/refusal';
import type { Request } from '../frame/caller';
import { jobFailure } from './job-failure';
import { resultKeys } from '../../core/jobs/job-tasks';
import type { JobStore } from '../../core/jobs/job-store';
import type { JobAnswer } from './task-request';
import { view } from '../../core/jobs/views';
import { secondsLeft, secondsUntilRetry, type MachineState } from './when-done';

/** How to wait for a job, and how to answer. */
export interface JobWait {
  request: Request;
  answer: JobAnswer;
  /** Epoch milliseconds until which to wait. */
  untilMs: number;
  /** Whether to answer with the job and status 202 when the time is up. */
  async: boolean;
  /** State of the machines. @default 'not asked' */
  machines?: MachineState;
}

/**
 * Waits for the result of a job, and answers as a synchronous request would.
 *
 * @throws Refusal with the job's error, if it ended without a result; (503) if the time is up. The
 *   503 names the job, and OpenAI's clients retry it.
 */
export async function answerWhenDone(row: JobRow, waiting: JobWait, store: JobStore): Promise<Response> {
  const { answer, untilMs, machines = 'not asked' } = waiting;
  const { task } = answer.route;
  const current = await awaitJob(row, task, store, untilMs);
  if (!isPending(current, task)) {
    const key = resultKeys(current)[task];
    if (key === undefined) throw jobFailure(current, answer);
    return answer.render(current, key);
  }
  const now = new Date();
  if (waiting.async) return accepted(current, secondsLeft(current, now));
  throw notReady(current, answer, secondsUntilRetry(current, machines, now));
}

/** Status 202 with the job, for a caller who asked for one. */
export const accepted = (row: JobRow, seconds: number): Response =>
  json(202, view(row), {
    location: `/v1/jobs/${row.id}`,
    [JOB_HEADER]: row.id,
    'retry-after': String(seconds),
    'preference-applied': 'respond-async',
  });

function notReady({ id, status }: JobRow, { route, later }: JobAnswer, seconds: number): Refusal {
  const ways = [later?.(id), `call GET /v1/jobs/${id}`].filter((way) => way !== undefined);
  const message =
    `The ${route.result} is not ready: the ${route.input} is job ${id}, which is ${status}. Send the same request again in ` +
    `${seconds} s to wait for that job, or ${ways.join(', or ')}`;
  return new Refusal(503, 'not_ready', message, {
    retryAfterSeconds: seconds,
    shouldRetry: true,
    jobId: id,
  });
}
