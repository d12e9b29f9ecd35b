import { createHash, randomUUID } from 'node:crypto';
import { PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import { documentClient } from './document-client';
import { s3Client } from './s3-client';
import { idempotencyId, type JobRow, KEY, type SubmitJobRequest, type SubmitJobResponse } from './contract';
import { caller, httpHandler, json, jsonBody, Refusal, type Request, type Response } from './http';
import { JobStore } from './job-store';
import { displayName, newJob } from './new-job';
import { env, envNumber } from './runtime';
import { idempotencyKey, parseSubmitJob } from './submit-request';
import { view } from './views';

/** How long a request with the same `Idempotency-Key` gets the same job. */
const IDEMPOTENCY_SECONDS = 24 * 3600;

/** The sweeper looks a little after the upload's address has expired, for what was on its way. */
const GRACE_SECONDS = 30;

export interface Dependencies {
  store: JobStore;
  s3: S3Client;
  bucket: string;
  maxUploadBytes: number;
  /** Whether the path understands recordings. */
  analysis: boolean;
  uploadExpirySeconds: number;
  retentionDays: number;
}

/** `POST /v1/jobs`: makes a job and says where its audio goes. */
export const handler = httpHandler(
  (): Dependencies => ({
    store: new JobStore(documentClient(), env('jobsTable')),
    s3: s3Client(),
    bucket: env('mediaBucket'),
    maxUploadBytes: envNumber('maxUploadBytes'),
    analysis: env('analysis') === 'true',
    uploadExpirySeconds: envNumber('uploadExpirySeconds'),
    retentionDays: envNumber('retentionDays'),
  }),
  submitJob,
);

export async function submitJob(request: Request, dependencies: Dependencies): Promise<Response> {
  const { store } = dependencies;
  const key = idempotencyKey(request.headers);
  const body = parseSubmitJob(jsonBody(request), dependencies);
  const { tenant } = caller(request);
  const now = new Date();
  const row = rowFor(body, tenant, now, dependencies);
  if (key === undefined) {
    await store.create(row);
    return created(row, body.size, dependencies);
  }
  const seconds = Math.floor(now.getTime() / 1000);
  const idempotency = {
    id: idempotencyId(tenant, key),
    job_id: row.id,
    body_sha256: createHash('sha256').update(canonical(body)).digest('hex'),
    expires_at: seconds + IDEMPOTENCY_SECONDS,
  };
  const earlier = await store.createOnce(row, idempotency, seconds);
  if (earlier === undefined) return created(row, body.size, dependencies);
  if (earlier.body_sha256 !== idempotency.body_sha256) {
    throw new Refusal(409, 'idempotency_conflict', 'This Idempotency-Key was used with another body', {
      param: 'Idempotency-Key',
    });
  }
  // The job may have been erased since; the key then makes no second one.
  const job = await store.get(earlier.job_id);
  if (job === undefined) {
    throw new Refusal(409, 'idempotency_conflict', 'The job of this Idempotency-Key has been erased', {
      param: 'Idempotency-Key',
    });
  }
  return created(job, body.size, dependencies, 200);
}

function rowFor(
  body: SubmitJobRequest,
  tenant: string,
  now: Date,
  { uploadExpirySeconds, retentionDays, analysis }: Dependencies,
) {
  const id = `job_${randomUUID().replaceAll('-', '')}`;
  return newJob({
    id,
    tenant,
    name: displayName(body.name ?? 'audio'),
    origin: 'api',
    inputKey: KEY.input(id),
    options: body.options ?? {},
    analysis,
    now,
    uploadUntil: Math.ceil(now.getTime() / 1000 + uploadExpirySeconds + GRACE_SECONDS),
    retentionDays,
  });
}

/** The body with its fields in one order: the same request is the same however its client writes it. */
const canonical = ({ name, size, options }: SubmitJobRequest) =>
  JSON.stringify([name, size, Object.entries(options ?? {}).sort()]);

async function created(
  row: JobRow,
  size: number | undefined,
  dependencies: Dependencies,
  status = 201,
): Promise<Response> {
  const answer: SubmitJobResponse = view(row);
  if (row.status === 'awaiting_upload') answer.upload = await upload(row, size, dependencies);
  return json(status, answer, { location: `/v1/jobs/${row.id}` });
}

async function upload(
  row: JobRow,
  size: number | undefined,
  { s3, bucket, uploadExpirySeconds }: Dependencies,
): Promise<NonNullable<SubmitJobResponse['upload']>> {
  const left = Math.floor((row.sweep_at ?? 0) - GRACE_SECONDS - Date.now() / 1000);
  const expiresIn = Math.max(1, Math.min(uploadExpirySeconds, left));
  const url = await getSignedUrl(
    s3,
    new PutObjectCommand({ Bucket: bucket, Key: row.input_key, ContentLength: size }),
    {
      expiresIn,
    },
  );
  const expires = new Date(Date.now() + expiresIn * 1000).toISOString();
  return { method: 'PUT', url, headers: {}, expires_at: expires };
}
