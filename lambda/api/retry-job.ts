import type { S3Client } from '@aws-sdk/client-s3';
import { RetryJobRequest } from '../../core/contract/api';
import type { JobRow } from '../../core/contract/job';
import type { Unit } from '../../core/contract/names';
import type { Measures } from '../../core/contract/values';
import { UsedUp } from '../../core/jobs/counted-rows';
import { findInput } from '../../core/jobs/job-objects';
import { unitsOf } from '../../core/jobs/job-tasks';
import { isRetried, missingTasks } from '../../core/jobs/missing-tasks';
import { view } from '../../core/jobs/views';
import { reservationOf } from '../../core/tasks/estimates';
import { isLimited } from '../../core/usage/quota';
import { Allowance, refuseUsedUp } from '../frame/allowance';
import { caller, type Request } from '../frame/caller';
import { httpHandler } from '../frame/http';
import { jsonBody } from '../frame/json-body';
import { ownJob } from '../frame/own-job';
import { json, Refusal, type Response } from '../frame/refusal';
import { env, envNumber, type Tools } from '../frame/runtime';
import { s3Client } from '../frame/s3-client';
import { validBody } from '../frame/valid-body';
import { type Dispatch, dispatch, sendJob, wakeFleet } from '../intake/send-job';

export interface Dependencies extends Dispatch {
  s3: S3Client;
  bucket: string;
  /** Longest audio in seconds. */
  maxAudioSeconds: number;
}

/**
 * `POST /v1/jobs/{id}/retry`: queues a job that succeeded without some of its results again, for
 * these only. Its other results stay readable. If it is repeated before the retry has ended, it
 * returns the job's current state.
 */
export const handler = httpHandler(
  (): Dependencies => ({
    ...dispatch(),
    s3: s3Client(),
    bucket: env('mediaBucket'),
    maxAudioSeconds: envNumber('maxAudioSeconds'),
  }),
  retryJob,
);

export async function retryJob(
  request: Request,
  dependencies: Dependencies,
  _: Tools,
  allowance: Allowance,
): Promise<Response> {
  const { store, s3, bucket } = dependencies;
  validBody(RetryJobRequest, jsonBody(request));
  const row = await ownJob(request.pathParameters?.id ?? '', caller(request).tenant, store);
  if (isRetried(row)) return json(200, view(row));
  const refusal = refused(row);
  if (refusal !== undefined) throw new Refusal(409, 'invalid_request', refusal);
  const missing = missingTasks(row).map(({ task }) => unitsOf(row)[task.name]);
  const units = [...new Set(missing)].filter((unit) => unit !== undefined);
  refuseUsedUp(allowance, units);
  const input = await findInput(s3, bucket, row);
  if (input === undefined || input.isDeleted) {
    const message = `The input of job ${row.id} is no longer stored. Submit it again as a new job`;
    throw new Refusal(409, 'source_not_found', message);
  }
  const queued = await queue(row, { request, units, bytes: input.size }, allowance, dependencies);
  await sendJob(dependencies, queued);
  await wakeFleet(dependencies, queued);
  return json(200, view(queued));
}

/** Why a job cannot be retried, and what to do instead. Undefined if it can. */
function refused(row: JobRow): string | undefined {
  const { id, status } = row;
  if (row.open !== undefined) return `Job ${id} is ${status}. Wait until it has ended`;
  if (status !== 'succeeded') return `Job ${id} is ${status} and has no results. Submit its input again`;
  if (missingTasks(row).length === 0) return `Job ${id} has all its results: nothing is missing`;
  return undefined;
}

/** @throws Refusal (409) if the job has changed since it was read; (429) if the day's quota is used up */
async function queue(
  row: JobRow,
  { request, units, bytes }: { request: Request; units: Unit[]; bytes: number },
  allowance: Allowance,
  { store, maxAudioSeconds }: Dependencies,
): Promise<JobRow> {
  const now = new Date();
  const { limits } = allowance.quota;
  const key = {
    key_id: caller(request).key_id,
    units_per_day: isLimited(limits) ? limits : undefined,
  };
  // The first run measured the input, if one of its results has the same unit.
  const known: Measures = { ...row.estimate, ...row.receipt?.measures };
  const measures = reservationOf(units, bytes, known, maxAudioSeconds);
  try {
    const queued = await store.retry(row, key, measures, now);
    if (queued !== undefined) return queued;
  } catch (error) {
    if (!(error instanceof UsedUp)) throw error;
    // Another request has used it since the allowance was read.
    refuseUsedUp(await Allowance.of(caller(request), store.usage, now), units);
  }
  const message = `Job ${row.id} has changed in the meantime. Get its state and send the request again`;
  throw new Refusal(409, 'not_ready', message, { retryAfterSeconds: 1 });
}
