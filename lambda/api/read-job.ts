import type { S3Client } from '@aws-sdk/client-s3';
import { documentClient } from '../frame/document-client';
import { s3Client } from '../frame/s3-client';
import { JOB_STATUSES } from '../../core/contract/names';
import type { ListJobsResponse } from '../../core/contract/api';
import type { Allowance } from '../frame/allowance';
import { decodeCursor, encodeCursor } from './cursor';
import { jobResult } from './job-result';
import { oneOf } from './one-of';
import { caller, type Request } from '../frame/caller';
import { httpHandler } from '../frame/http';
import { json, Refusal, type Response } from '../frame/refusal';
import type { JobRow } from '../../core/contract/job';
import { FleetStore } from '../../core/fleet/fleet-store';
import { delayOf } from '../../core/fleet/shortage';
import { JobStore } from '../../core/jobs/job-store';
import { ALL_TASKS } from '../../core/tasks';
import { ownJob } from '../frame/own-job';
import { env, type Tools } from '../frame/runtime';
import { shown } from '../../core/contract/text';
import { view } from '../../core/jobs/views';

const DEFAULT_PAGE = 20;
const MAX_PAGE = 100;

export interface Dependencies {
  store: JobStore;
  fleet: Pick<FleetStore, 'shortage'>;
  s3: S3Client;
  bucket: string;
}

/**
 * `GET /v1/jobs`, `GET /v1/jobs/{id}`, and the results of its tasks below that, such as `/transcript`;
 * `GET /v1/usage`.
 */
export const handler = httpHandler(
  (): Dependencies => ({
    store: new JobStore(documentClient(), env('jobsTable')),
    fleet: new FleetStore(documentClient(), env('jobsTable')),
    s3: s3Client(),
    bucket: env('mediaBucket'),
  }),
  readJob,
);

export async function readJob(
  request: Request,
  dependencies: Dependencies,
  _: Tools,
  allowance: Allowance,
): Promise<Response> {
  const id = request.pathParameters?.id;
  if (id === undefined) {
    if (request.rawPath.endsWith('/usage')) return json(200, await allowance.read());
    return listJobs(request, dependencies);
  }
  const row = await ownJob(id, caller(request).tenant, dependencies.store);
  const task = ALL_TASKS.find(({ resultName }) => request.rawPath.endsWith(`/${id}/${resultName}`));
  if (task !== undefined) return jobResult(task, request, row, dependencies);
  return json(200, view(row, await delay([row], dependencies)));
}

/** Why queued jobs wait for a machine. The fleet's row is read only if one of the jobs is queued. */
async function delay(rows: readonly JobRow[], { fleet }: Dependencies): Promise<string | undefined> {
  return rows.some(({ status }) => status === 'queued') ? delayOf(await fleet.shortage()) : undefined;
}

async function listJobs(request: Request, dependencies: Dependencies): Promise<Response> {
  const { store } = dependencies;
  const { tenant } = caller(request);
  const { limit = String(DEFAULT_PAGE), cursor, status } = request.queryStringParameters ?? {};
  const count = Number(limit);
  if (!Number.isInteger(count) || count < 1 || count > MAX_PAGE) {
    throw new Refusal(
      400,
      'invalid_request',
      `"limit" must be a whole number from 1 to ${MAX_PAGE}; got ${shown(limit)}`,
      {
        param: 'limit',
      },
    );
  }
  const { rows, next } = await store.list(tenant, {
    limit: count,
    start: cursor === undefined ? undefined : decodeCursor(cursor, tenant),
    status: status === undefined ? undefined : oneOf('status', status, JOB_STATUSES),
  });
  const why = await delay(rows, dependencies);
  const data = rows.map((row) => view(row, why));
  const body: ListJobsResponse = { object: 'list', data, next: next && encodeCursor(next) };
  return json(200, body);
}
