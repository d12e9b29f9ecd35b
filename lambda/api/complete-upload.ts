import { CompleteMultipartUploadCommand } from '@aws-sdk/client-s3';
import { unitsOf } from '../../core/jobs/job-tasks';
import { type Allowance, refuseUsedUp } from '../frame/allowance';
import { CompleteUploadRequest } from '../../core/contract/api';
import type { JobRow } from '../../core/contract/job';
import { documentClient } from '../frame/document-client';
import { type Begun, json, Refusal, type Response } from '../frame/refusal';
import { caller, type Request } from '../frame/caller';
import { httpHandler } from '../frame/http';
import { jsonBody } from '../frame/json-body';
import { arrivedInput } from '../../core/jobs/job-objects';
import { JobStore } from '../../core/jobs/job-store';
import { isGone, isParted, type Media, type PartedRow, storedParts } from './multipart-upload';
import { ownJob } from '../frame/own-job';
import { env, type Tools } from '../frame/runtime';
import { s3Client } from '../frame/s3-client';
import { wholeUpload } from './upload-parts';
import { validBody } from '../frame/valid-body';
import { view } from '../../core/jobs/views';

export interface Dependencies extends Media {
  store: JobStore;
}

/**
 * `POST /v1/jobs/{id}/upload`: completes a multipart upload. S3's event then queues the job, as for
 * every upload. If it is repeated after a success, it returns the job's current state.
 */
export const handler = httpHandler(
  (): Dependencies => ({
    store: new JobStore(documentClient(), env('jobsTable')),
    s3: s3Client(),
    bucket: env('mediaBucket'),
  }),
  completeUpload,
);

export async function completeUpload(
  request: Request,
  dependencies: Dependencies,
  _: Tools,
  allowance: Allowance,
  begun: Begun,
): Promise<Response> {
  const { store, s3, bucket } = dependencies;
  const { parts } = validBody(CompleteUploadRequest, jsonBody(request));
  const row = await ownJob(request.pathParameters?.id ?? '', caller(request).tenant, store);
  begun.jobId = row.id;
  if (!isParted(row)) {
    throw new Refusal(409, 'invalid_request', `Job ${row.id} has no multipart upload`);
  }
  if (row.status === 'cancelled' || row.status === 'expired') throw tooLate(row);
  if (row.status !== 'awaiting_upload') return json(200, view(row));
  refuseUsedUp(allowance, Object.values(unitsOf(row)));
  const isComplete =
    (await complete(row, parts, dependencies)) || (await arrivedInput(s3, bucket, row)) !== undefined;
  if (!isComplete) throw tooLate(row);
  // The input's event queues the job, and may already have done so.
  const current = (await store.expectInput(row.id, new Date())) ?? (await store.get(row.id));
  return json(200, view(current ?? row));
}

/**
 * Completes the upload. Returns false if S3 no longer knows the upload: it is complete or was
 * aborted.
 */
async function complete(
  row: PartedRow,
  given: CompleteUploadRequest['parts'],
  { s3, bucket }: Dependencies,
): Promise<boolean> {
  const stored = await storedParts(row, { s3, bucket });
  if (stored === undefined) return false;
  const parts = wholeUpload(given, stored, row.upload_size);
  const command = new CompleteMultipartUploadCommand({
    Bucket: bucket,
    Key: row.input_key,
    UploadId: row.upload_id,
    MultipartUpload: { Parts: parts.map(({ number, etag }) => ({ PartNumber: number, ETag: etag })) },
  });
  try {
    await s3.send(command);
    return true;
  } catch (error) {
    if (isGone(error)) return false;
    // A part was uploaded again after the parts were listed.
    if ((error as Error).name === 'InvalidPart') {
      throw new Refusal(
        409,
        'not_ready',
        'A part was uploaded again in the meantime: complete the upload again',
      );
    }
    throw error;
  }
}

const tooLate = ({ id, status }: JobRow) =>
  new Refusal(
    409,
    'upload_expired',
    `The upload of job ${id} was aborted${status === 'awaiting_upload' ? '' : `: the job is ${status}`}. Create a new job`,
  );
