import { JobStore } from '../../core/jobs/job-store';
import { sameKey, sameRecording } from '../api/create-job';
import { type Allowance, refuseUsedUp } from '../frame/allowance';
import { caller, type Request } from '../frame/caller';
import { deployedTasks } from '../frame/deployed-tasks';
import { documentClient } from '../frame/document-client';
import { ANSWER_SECONDS } from '../frame/http';
import { idempotencyKey } from '../frame/idempotency-key';
import type { Begun, Response } from '../frame/refusal';
import { env, envNumber, optionalEnv, type Tools } from '../frame/runtime';
import { s3Client } from '../frame/s3-client';
import { answerInPlace, notInPlace } from './answered-in-place';
import { attach, becomeJob, type InputRequest, lookUp, refuseAsJob } from './became-job';
import type { JobWait } from './job-answer';
import { digest, type InputStorage } from './keep-input';
import { type Preference, preferenceOf } from './preference';
import type { JobAnswer, TaskRequest } from './task-request';

/** Time limits in seconds from a request's arrival. */
export interface Limits {
  /** When the input must be stored. Otherwise the request is refused. */
  keepSeconds: number;
  /** How long a request waits for its job. */
  jobSeconds: number;
}

/** One second of the gateway's time is reserved for reading and rendering a result. */
const LIMITS: Limits = { keepSeconds: ANSWER_SECONDS, jobSeconds: ANSWER_SECONDS - 1 };

/** Dependencies of every route. */
export interface TaskDependencies extends InputStorage {
  /** Base URL of the load balancer in front of the machines. */
  machinesUrl: string;
  /** Longest time of a synchronous answer, in seconds. */
  waitSeconds: number;
  /** @default - derived from the gateway's timeout */
  limits?: Limits;
  /** Name of the deployed model. @default - unknown: only its aliases are accepted */
  model?: string;
}

/** Reads the dependencies from the environment. @param model variable with the model's name */
export const taskDependencies = (model: Parameters<typeof optionalEnv>[0]): TaskDependencies => ({
  store: new JobStore(documentClient(), env('jobsTable')),
  s3: s3Client(),
  bucket: env('mediaBucket'),
  deployed: deployedTasks(),
  uploadExpirySeconds: envNumber('uploadExpirySeconds'),
  retentionDays: envNumber('retentionDays'),
  maxAudioSeconds: envNumber('maxAudioSeconds'),
  machinesUrl: env('machinesUrl'),
  waitSeconds: envNumber('waitSeconds'),
  model: optionalEnv(model),
});

/** What the headers and the query of a request say, on every route. */
export interface Asking {
  request: Request;
  preference: Preference;
  /** The `Idempotency-Key`. @default - none */
  key?: string;
  /** Deadlines in epoch milliseconds. */
  times: { placeUntilMs: number; waitUntilMs: number; keepUntilMs: number };
}

/** @throws Refusal (400) if a header or the query is not valid */
export function askingOf(request: Request, { waitSeconds, limits = LIMITS }: TaskDependencies): Asking {
  const preference = preferenceOf(request.headers.prefer, waitSeconds, request.queryStringParameters?.async);
  const key = idempotencyKey(request.headers);
  return { request, preference, key, times: timesOf(request, preference, limits) };
}

/** How a request waits for its job. */
export const jobWait = ({ request, preference, times }: Asking, answer: JobAnswer): JobWait => ({
  request,
  answer,
  untilMs: times.waitUntilMs,
  async: preference.async,
});

/**
 * Answers a request for a task. A running machine with free capacity answers synchronously.
 * Otherwise the input becomes a job, which starts a machine, and the request waits for the job. A
 * success is always the result, unless the caller asked for a job.
 *
 * - When the time is up, the answer is 503 with the job's id and `Retry-After`. If the same request
 *   is sent again, as OpenAI's clients do automatically, it waits for the same job.
 * - `Prefer: respond-async` or `?async=true` requests a job at once (202). `Prefer: wait=<seconds>`
 *   requests a result within that time and creates no job. Both together create a job after that
 *   time.
 * - `Idempotency-Key` identifies the job: the same key with another input or other options is
 *   refused.
 * - If no machine can answer, fields that jobs do not support are refused.
 */
export async function answerTask(
  task: TaskRequest,
  asking: Asking,
  dependencies: TaskDependencies,
  tools: Tools,
  allowance: Allowance,
  begun: Begun,
): Promise<Response> {
  const { request, preference, key, times } = asking;
  const { store, machinesUrl } = dependencies;
  const who = caller(request);
  const sha256 = digest(task);
  const same = key === undefined ? sameRecording(who, sha256) : sameKey(who, key, sha256);
  const wanted: InputRequest = {
    task,
    caller: who,
    same,
    preference,
    waiting: jobWait(asking, task),
    keepUntilMs: times.keepUntilMs,
    allowance,
    begun,
  };
  if (preference.async) refuseAsJob(task);
  const recall = allowance.recall(sha256, tools);
  if (preference.async && preference.waitSeconds === 0) {
    await recall;
    return becomeJob(undefined, wanted, dependencies, tools);
  }

  const [notJob] = task.unsupported;
  const earlier = notJob === undefined ? await lookUp(same, store, tools) : { isKnown: true };
  await recall;
  if (earlier.row !== undefined) return attach(earlier.row, wanted, dependencies, tools);
  refuseUsedUp(allowance, [task.route.unit]);
  if (task.isLong === true && preference.job && notJob === undefined)
    return becomeJob(undefined, wanted, dependencies, tools);
  const sent = { task, sha256, counts: earlier.isKnown };
  const answer = await answerInPlace(sent, machinesUrl, times, allowance, tools);
  if ('response' in answer) return answer.response;
  const { asked } = answer;
  if (asked.outcome === 'large' && task.tooLarge !== undefined && !preference.async) throw task.tooLarge();
  if (notJob !== undefined || !preference.job) return notInPlace(asked, task.route, preference, notJob);
  return becomeJob(asked, wanted, dependencies, tools);
}

/**
 * Deadlines of a request in epoch milliseconds, from its arrival at the gateway: a cold start of
 * the function counts, too.
 */
function timesOf(
  { requestContext }: Request,
  { waitSeconds, async, job }: Preference,
  { keepSeconds, jobSeconds }: Limits,
): Asking['times'] {
  const arrivedMs = requestContext.timeEpoch;
  const isLimited = async || !job;
  return {
    placeUntilMs: arrivedMs + waitSeconds * 1000,
    waitUntilMs: arrivedMs + (isLimited ? waitSeconds : jobSeconds) * 1000,
    keepUntilMs: arrivedMs + keepSeconds * 1000,
  };
}
