import { createHash, randomUUID } from 'node:crypto';
import { PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import { documentClient } from '../frame/document-client';
import { s3Client } from '../frame/s3-client';
import type { Allowance } from '../frame/allowance';
import type { JobRow } from '../../core/contract/job';
import { KEY } from '../../core/contract/keys';
import type { DeployedTasks } from '../../core/contract/tasks';
import type { SubmitJobResponse } from '../../core/contract/api';
import { createJob, earlierJob, sameKey } from './create-job';
import { deployedTasks } from '../frame/deployed-tasks';
import { type Begun, json, type Response } from '../frame/refusal';
import { type Caller, caller, type Request } from '../frame/caller';
import { httpHandler } from '../frame/http';
import { type BodyLimit, jsonBody } from '../frame/json-body';
import { JobStore } from '../../core/jobs/job-store';
import {
  keepRecordings,
  keptOptions,
  recordingKeys,
  type TasksToKeep,
  tasksToKeep,
} from '../../core/voices/known-speakers';
import { beginUpload, partUrls } from './multipart-upload';
import { optionsFor } from '../../core/jobs/job-tasks';
import { DEFAULT_NAME, displayName, newJob } from '../../core/jobs/new-job';
import { env, envNumber, type Tools } from '../frame/runtime';
import { idempotencyKey } from '../frame/idempotency-key';
import { requestedVoices, type KnownVoices } from './requested-voices';
import { parseSubmitJob, type SubmittedJob } from './submit-request';
import { view } from '../../core/jobs/views';
import { VoiceStore } from '../../core/voices/voice-store';

/** Delay of the sweeper after the upload URL has expired, for uploads in progress. */
const GRACE_SECONDS = 30;

/** Lambda accepts events of 6 MB, in which some characters of the body are escaped. */
const LIMIT: BodyLimit = {
  bytes: 5_000_000,
  cure: 'Send the input to the upload URL, and shorter recordings of speakers: some seconds, as MP3 or FLAC',
};

export interface Dependencies {
  store: JobStore;
  voices: Pick<VoiceStore, 'list'>;
  s3: S3Client;
  bucket: string;
  maxUploadBytes: number;
  deployed: DeployedTasks;
  uploadExpirySeconds: number;
  retentionDays: number;
}

/** `POST /v1/jobs`: creates a job and returns its upload URL. */
export const handler = httpHandler(
  (): Dependencies => ({
    store: new JobStore(documentClient(), env('jobsTable')),
    voices: new VoiceStore(documentClient(), env('jobsTable')),
    s3: s3Client(),
    bucket: env('mediaBucket'),
    maxUploadBytes: envNumber('maxUploadBytes'),
    deployed: deployedTasks(),
    uploadExpirySeconds: envNumber('uploadExpirySeconds'),
    retentionDays: envNumber('retentionDays'),
  }),
  submitJob,
);

export async function submitJob(
  request: Request,
  dependencies: Dependencies,
  _: Tools,
  allowance: Allowance,
  begun: Begun,
): Promise<Response> {
  const { store, voices, s3, bucket } = dependencies;
  const key = idempotencyKey(request.headers);
  const body = parseSubmitJob(jsonBody(request, LIMIT), dependencies);
  const now = new Date();
  const sha256 = createHash('sha256').update(canonical(body)).digest('hex');
  const same = key === undefined ? undefined : sameKey(caller(request), key, sha256);
  const kept = tasksToKeep(body.tasks);
  if (same !== undefined && kept.voices !== undefined) {
    // Its voices may have been erased since.
    const { row: earlier } = await earlierJob(same, store, now);
    if (earlier !== undefined) return created(earlier, body.size, dependencies, 200);
  }
  const known = await requestedVoices(kept.voices, body.isNamed, caller(request).tenant, voices);
  const row = rowFor(body, kept, known, caller(request), now, dependencies);
  const { row: job, isNew } = await createJob(row, same, store, now, allowance, begun);
  // Also for an earlier request: it may have ended before it stored them.
  await keepRecordings(s3, bucket, job, kept.recordings);
  return created(job, body.size, dependencies, isNew ? 201 : 200);
}

function rowFor(
  body: SubmittedJob,
  kept: TasksToKeep,
  known: KnownVoices | undefined,
  { tenant, key_id }: Caller,
  now: Date,
  { uploadExpirySeconds, retentionDays, deployed }: Dependencies,
) {
  const id = `job_${randomUUID().replaceAll('-', '')}`;
  const names = known && { known_speaker_names: known.names };
  const { transcription } = kept.tasks;
  const tasks = { ...kept.tasks, ...(names && { transcription: { ...transcription, ...names } }) };
  return newJob({
    id,
    tenant,
    keyId: key_id,
    name: displayName(body.name ?? DEFAULT_NAME),
    origin: 'api',
    inputKey: KEY.input(id),
    tasks,
    deployed,
    options: body.isNamed ? optionsFor(tasks, deployed) : { ...keptOptions(body.options ?? {}), ...names },
    speakerRecordings: known?.keys ?? recordingKeys(id, kept.recordings),
    mediaType: body.media_type,
    priority: body.priority,
    now,
    uploadUntil: Math.ceil(now.getTime() / 1000 + uploadExpirySeconds + GRACE_SECONDS),
    retentionDays,
    partedSize: body.multipart === true ? body.size : undefined,
  });
}

/**
 * The body with its fields in a fixed order, so that the order in the request does not matter. Without
 * the priority: a request that is repeated with another one finds its job, and is not paid twice.
 */
const canonical = ({ name, size, multipart, options, isNamed, tasks, media_type }: SubmittedJob) =>
  JSON.stringify([
    name,
    size,
    Object.entries(options ?? {}).sort(),
    ...(multipart === true ? [true] : []),
    ...(isNamed ? [sorted(tasks)] : []),
    ...(media_type === undefined ? [] : [media_type]),
  ]);

const sorted = (tasks: object) =>
  Object.entries(tasks)
    .map(([name, options]) => [name, Object.entries(options as object).sort()] as const)
    .sort(([one], [other]) => one.localeCompare(other));

async function created(
  row: JobRow,
  size: number | undefined,
  dependencies: Dependencies,
  status: 200 | 201,
): Promise<Response> {
  const target = row.status === 'awaiting_upload' ? await uploadTarget(row, size, dependencies) : {};
  const answer: SubmitJobResponse = { ...view(row), ...target };
  return json(status, answer, { location: `/v1/jobs/${row.id}` });
}

async function uploadTarget(
  row: JobRow,
  size: number | undefined,
  { store, s3, bucket, uploadExpirySeconds }: Dependencies,
): Promise<Pick<SubmitJobResponse, 'upload' | 'multipart_upload'>> {
  const now = new Date();
  const left = Math.floor((row.sweep_at ?? 0) - GRACE_SECONDS - now.getTime() / 1000);
  const expiresIn = Math.max(1, Math.min(uploadExpirySeconds, left));
  if (row.upload_size !== undefined) {
    const begun = await beginUpload(row, store, { s3, bucket }, now);
    return { multipart_upload: begun && (await partUrls(begun, { s3, bucket }, expiresIn)) };
  }
  const put = new PutObjectCommand({ Bucket: bucket, Key: row.input_key, ContentLength: size });
  const url = await getSignedUrl(s3, put, { expiresIn });
  const expires = new Date(now.getTime() + expiresIn * 1000).toISOString();
  return { upload: { method: 'PUT', url, headers: {}, expires_at: expires } };
}
