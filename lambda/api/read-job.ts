import { GetObjectCommand, NoSuchKey, type S3Client } from '@aws-sdk/client-s3';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import { documentClient } from '../frame/document-client';
import { s3Client } from '../frame/s3-client';
import {
  FORMAT_ENDING,
  formatNamed,
  JOB_STATUSES,
  TRANSCRIPT_FORMATS,
  type TranscriptFormat,
} from '../../core/contract/names';
import type { JobRow } from '../../core/contract/job';
import type { ListJobsResponse } from '../../core/contract/api';
import type { Transcript } from '../../core/contract/transcript';
import type { Allowance } from '../frame/allowance';
import { decodeCursor, encodeCursor } from './cursor';
import { fitted, MAX_ANSWER_BYTES } from '../frame/fitted';
import { FORMAT } from '../../core/formats/formats';
import { caller, type Request } from '../frame/caller';
import { httpHandler } from '../frame/http';
import { json, Refusal, type Response } from '../frame/refusal';
import { JobStore } from '../../core/jobs/job-store';
import { ownJob } from '../frame/own-job';
import { env, type Tools } from '../frame/runtime';
import { shown } from '../../core/contract/text';
import { view } from '../../core/jobs/views';

const URL_SECONDS = 300;
const DEFAULT_PAGE = 20;
const MAX_PAGE = 100;

export interface Dependencies {
  store: JobStore;
  s3: S3Client;
  bucket: string;
}

/**
 * `GET /v1/jobs`, `GET /v1/jobs/{id}`, and `/transcript` and `/analysis` below that; `GET
 * /v1/usage`.
 */
export const handler = httpHandler(
  (): Dependencies => ({
    store: new JobStore(documentClient(), env('jobsTable')),
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
  if (request.rawPath.endsWith('/transcript')) return transcript(request, row, dependencies);
  if (request.rawPath.endsWith('/analysis')) return analysis(row, dependencies);
  return json(200, view(row));
}

async function listJobs(request: Request, { store }: Dependencies): Promise<Response> {
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
  const body: ListJobsResponse = { object: 'list', data: rows.map(view), next: next && encodeCursor(next) };
  return json(200, body);
}

async function transcript(request: Request, row: JobRow, { s3, bucket }: Dependencies): Promise<Response> {
  const { format = 'json' } = request.queryStringParameters ?? {};
  const kind: TranscriptFormat = oneOf('format', formatNamed(format) ?? format, TRANSCRIPT_FORMATS);
  const object = { Bucket: bucket, Key: keyOf(row, 'transcript') };
  const headers = resultHeaders(`${row.id}.${FORMAT_ENDING[kind]}`);
  const stored = await result(s3, object, row, 'transcript');
  if (kind === 'json' && (stored.ContentLength ?? 0) > MAX_ANSWER_BYTES) {
    stored.Body?.transformToWebStream()
      .cancel()
      .catch(() => undefined);
    const location = await getSignedUrl(s3, new GetObjectCommand(object), { expiresIn: URL_SECONDS });
    return { statusCode: 302, headers: { ...headers, location } };
  }
  const content = JSON.parse((await stored.Body?.transformToString()) ?? '') as Transcript;
  const { type, render } = FORMAT[kind];
  return fitted(
    request,
    { param: 'format', name: kind },
    { ...headers, 'content-type': type },
    render(content),
  );
}

async function analysis(row: JobRow, { s3, bucket }: Dependencies): Promise<Response> {
  if (row.stages.analysis === undefined) {
    throw new Refusal(
      404,
      'not_found',
      `Job ${row.id} has no analysis: it was not requested, or this deployment does not support it`,
    );
  }
  const object = { Bucket: bucket, Key: keyOf(row, 'analysis') };
  const stored = await result(s3, object, row, 'analysis');
  const headers = { ...resultHeaders(`${row.id}.analysis.json`), 'content-type': 'application/json' };
  return { statusCode: 200, headers, body: (await stored.Body?.transformToString()) ?? '' };
}

const resultHeaders = (name: string) => ({
  'content-disposition': `inline; filename="${name}"`,
  'cache-control': 'private, no-store',
});

async function result(s3: S3Client, object: { Bucket: string; Key: string }, row: JobRow, what: Result) {
  return s3.send(new GetObjectCommand(object)).catch((error: unknown) => {
    // At the end of retention, or while a job is being deleted, the row may outlive its objects.
    if (error instanceof NoSuchKey)
      throw new Refusal(404, 'not_found', `The ${what} of job ${row.id} has been deleted`);
    throw error;
  });
}

type Result = 'transcript' | 'analysis';

/**
 * The key of a result.
 *
 * @throws Refusal (409) if the job does not have this result, or not yet
 */
function keyOf(row: JobRow, what: Result): string {
  const key = row[`${what}_key`];
  if (key !== undefined) return key;
  const open = row.open !== undefined;
  const lost = row.degraded.find(({ stage }) => stage === what)?.reason ?? row.error?.message;
  const reason = lost === undefined ? '' : `: ${lost}`;
  const message = `Job ${row.id} is ${row.status} and has no ${what}${reason}`;
  throw new Refusal(409, 'not_ready', message, { retryAfterSeconds: open ? 5 : undefined });
}

function oneOf<T extends string>(param: string, value: string, allowed: readonly T[]): T {
  const found = allowed.find((each) => each === value);
  if (found !== undefined) return found;
  const message = `"${param}" must be one of ${allowed.join(', ')}; got ${shown(value)}`;
  throw new Refusal(400, 'invalid_request', message, { param });
}
