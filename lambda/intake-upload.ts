import { createHash } from 'node:crypto';
import { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import type { S3Client } from '@aws-sdk/client-s3';
import type { EventBridgeEvent } from 'aws-lambda';
import { s3Client } from './s3-client';
import { announce } from './completion';
import { DEFAULT_TENANT, JOB_ID_PATTERN, type JobError, type JobRow, KEY } from './contract';
import { eraseObjects } from './job-objects';
import { displayName, newJob } from './new-job';
import { env, envNumber, lambdaHandler, type Tools } from './runtime';
import { type Dispatch, dispatch, sendJob, wakeFleet } from './send-job';

export interface Dependencies extends Dispatch {
  s3: S3Client;
  events: EventBridgeClient;
  bucket: string;
  path: string;
  maxUploadBytes: number;
  /** Whether the path understands recordings. */
  analysis: boolean;
  retentionDays: number;
}

/** Detail of S3's `Object Created`, as far as it is used. The key is not URL-encoded here. */
export interface ObjectCreated {
  bucket: { name: string };
  object: { key: string; size: number; etag?: string; sequencer?: string };
}

/** Makes a job of audio that has arrived: queues it, and wakes the fleet. */
export const handler = lambdaHandler(
  (): Dependencies => ({
    ...dispatch(),
    s3: s3Client(),
    events: new EventBridgeClient(),
    bucket: env('mediaBucket'),
    path: env('path'),
    maxUploadBytes: envNumber('maxUploadBytes'),
    analysis: env('analysis') === 'true',
    retentionDays: envNumber('retentionDays'),
  }),
  (event: EventBridgeEvent<'Object Created', ObjectCreated>, dependencies, tools) =>
    intakeUpload(event.detail, dependencies, tools),
);

export async function intakeUpload(
  { object }: ObjectCreated,
  dependencies: Dependencies,
  { logger }: Tools,
): Promise<void> {
  const id = object.key.startsWith(KEY.inboxPrefix)
    ? await inboxJob(object, dependencies)
    : uploadedJob(object.key);
  if (id === undefined) return;
  const { store, s3, events, bucket, path, maxUploadBytes } = dependencies;
  const refusal = refused(object.size, maxUploadBytes);
  const now = new Date();
  const changed = refusal === undefined ? await store.queue(id, now) : await store.fail(id, refusal, now);
  // Unchanged, the row may be as an earlier invocation left it, which died before it did the rest.
  const row = changed ?? (await store.get(id));
  if (row?.status === 'queued' && refusal === undefined) {
    await sendJob(dependencies, row);
    await wakeFleet(dependencies);
  } else if (row?.status === 'failed' && refusal !== undefined && row.error?.code === refusal.code) {
    await eraseObjects(s3, bucket, row);
    await announce(events, path, row);
  } else if (row === undefined || row.status === 'cancelled' || row.status === 'expired') {
    logger.info('erasing an upload that nobody waits for', { job_id: id });
    await eraseObjects(s3, bucket, row ?? { id, input_key: object.key });
  }
}

/** The job whose audio lies at a key. Other keys of a job, such as its results, are none of an upload. */
function uploadedJob(key: string): string | undefined {
  const id = key.slice(KEY.jobsPrefix.length).split('/')[0] ?? '';
  return new RegExp(JOB_ID_PATTERN).test(id) && key === KEY.input(id) ? id : undefined;
}

function refused(size: number, maxUploadBytes: number): JobError | undefined {
  if (size === 0) return { code: 'bad_audio', message: 'The file is empty' };
  if (size <= maxUploadBytes) return undefined;
  return {
    code: 'upload_too_large',
    message: `The file must be at most ${maxUploadBytes} bytes; got ${size}`,
  };
}

/** The job of a file dropped under `inbox/`, made if there is none for this version of the file. */
async function inboxJob(
  object: ObjectCreated['object'],
  dependencies: Dependencies,
): Promise<string | undefined> {
  // What the console makes for a new folder.
  if (object.key.endsWith('/')) return undefined;
  const { store, bucket, retentionDays, analysis } = dependencies;
  const version = [bucket, object.key, object.etag, object.sequencer].join('\n');
  const id = `job_${createHash('sha256').update(version).digest('hex').slice(0, 32)}`;
  const now = new Date();
  const row: JobRow = newJob({
    id,
    tenant: DEFAULT_TENANT,
    name: displayName(object.key),
    origin: 'inbox',
    inputKey: object.key,
    options: {},
    analysis,
    now,
    uploadUntil: Math.floor(now.getTime() / 1000) + 60,
    retentionDays,
  });
  await store.create(row);
  return id;
}
