import { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import type { S3Client } from '@aws-sdk/client-s3';
import { documentClient } from '../frame/document-client';
import { s3Client } from '../frame/s3-client';
import { announce } from '../../core/jobs/completion';
import { caller, type Request } from '../frame/caller';
import type { JobRow } from '../../core/contract/job';
import { httpHandler } from '../frame/http';
import { json, Refusal, type Response } from '../frame/refusal';
import { eraseObjects } from '../../core/jobs/job-objects';
import { JobStore } from '../../core/jobs/job-store';
import { abortUpload } from './multipart-upload';
import { ownJob } from '../frame/own-job';
import { isFinal } from '../../core/contract/names';
import { env } from '../frame/runtime';
import { view } from '../../core/jobs/views';

export interface Dependencies {
  store: JobStore;
  s3: S3Client;
  events: EventBridgeClient;
  bucket: string;
  path: string;
}

/**
 * `DELETE /v1/jobs/{id}`. An open job is cancelled and its input deleted. It stays in the listing
 * as `cancelled`, and its worker, if any, stops at its next heartbeat. A job that is retried ends as
 * `succeeded` again and keeps its input and results. A job that has ended is deleted with its results
 * and its row.
 */
export const handler = httpHandler(
  (): Dependencies => ({
    store: new JobStore(documentClient(), env('jobsTable')),
    s3: s3Client(),
    events: new EventBridgeClient(),
    bucket: env('mediaBucket'),
    path: env('path'),
  }),
  cancelJob,
);

export async function cancelJob(request: Request, dependencies: Dependencies): Promise<Response> {
  const { store, s3, events, bucket, path } = dependencies;
  const { tenant } = caller(request);
  const row = await ownJob(request.pathParameters?.id ?? '', tenant, store);
  const cancelled = await store.cancel(row.id, tenant, new Date());
  if (cancelled?.status === 'succeeded') return json(200, view(cancelled));
  // Also for a job cancelled earlier: that request may have failed before it sent the event.
  const ended = cancelled ?? (await store.get(row.id)) ?? row;
  if (!isFinal(ended.status)) throw openAgain(ended);
  if (ended.status === 'cancelled') await announce(events, path, ended);
  if (ended.upload_id !== undefined) await abortUpload(ended, { s3, bucket });
  await eraseObjects(s3, bucket, ended);
  if (cancelled !== undefined) return json(200, view(cancelled));
  const isErased = await store.erase(row.id, tenant);
  const left = isErased ? undefined : await store.get(row.id);
  if (left !== undefined) throw openAgain(left);
  return json(200, { id: row.id, object: 'job', deleted: true });
}

/** Another request has retried the job since it was read. */
const openAgain = ({ id, status }: JobRow) =>
  new Refusal(409, 'not_ready', `Job ${id} was retried in the meantime and is ${status}. Delete it again`, {
    retryAfterSeconds: 1,
  });
