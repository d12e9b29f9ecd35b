import { createHash } from 'node:crypto';
import { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import type { EventBridgeEvent } from 'aws-lambda';
import { s3Client } from '../frame/s3-client';
import { DEFAULT_TENANT, JOB_ID_PATTERN, KEY } from '../../core/contract/keys';
import type { JobRow } from '../../core/contract/job';
import type { DeployedTasks } from '../../core/contract/tasks';
import { findInput } from '../../core/jobs/job-objects';
import { secondsOf } from '../../core/jobs/job-changes';
import type { InputVersion } from '../../core/jobs/job-store';
import { tasksFor } from '../../core/jobs/job-tasks';
import { leftBehind } from '../../core/jobs/left-behind';
import { displayName, newJob } from '../../core/jobs/new-job';
import { deployedTasks } from '../frame/deployed-tasks';
import { env, envNumber, lambdaHandler, type Tools } from '../frame/runtime';
import { dispatch, wakeFleet } from './send-job';
import { takeIn, type TakeIn } from './take-in';

export interface Dependencies extends TakeIn {
  deployed: DeployedTasks;
  retentionDays: number;
}

/**
 * Detail of S3's event `Object Created`, with the fields that are used. The key is not URL-encoded,
 * and the ETag has no quotes.
 */
export interface ObjectCreated {
  bucket: { name: string };
  object: { key: string; size: number; etag?: string; sequencer?: string; 'version-id'?: string };
}

/**
 * Handles an input that has arrived: creates its job if there is none, queues the job and wakes the
 * fleet.
 */
export const handler = lambdaHandler(
  (): Dependencies => ({
    ...dispatch(),
    s3: s3Client(),
    events: new EventBridgeClient(),
    bucket: env('mediaBucket'),
    path: env('path'),
    maxUploadBytes: envNumber('maxUploadBytes'),
    maxAudioSeconds: envNumber('maxAudioSeconds'),
    deployed: deployedTasks(),
    retentionDays: envNumber('retentionDays'),
  }),
  (event: EventBridgeEvent<'Object Created', ObjectCreated>, dependencies, tools) =>
    intakeUpload(event.detail, dependencies, tools),
);

export async function intakeUpload(
  { object }: ObjectCreated,
  dependencies: Dependencies,
  tools: Tools,
): Promise<void> {
  const { logger } = tools;
  const pattern = object.key.startsWith(KEY.inboxPrefix)
    ? leftBehind(object.key.slice(KEY.inboxPrefix.length))
    : undefined;
  if (pattern !== undefined) {
    // Without the key, which may name a person.
    logger.info('ignored a system or temporary file', { pattern });
    return;
  }
  const { key, size, etag, 'version-id': version } = object;
  const recording = { key, size, version, etag: etag === undefined ? undefined : `"${etag}"` };
  const id = key.startsWith(KEY.inboxPrefix)
    ? await inboxJob(object, recording, dependencies)
    : uploadedJob(key);
  if (id === undefined) return;
  const { outcome, row } = await takeIn(id, recording, dependencies, tools);
  if (outcome === 'queued') await wakeFleet(dependencies, row);
  else logger.info('handled an upload', { job_id: id, outcome });
}

/** The job whose input has this key. Undefined for other keys of a job, such as its results. */
function uploadedJob(key: string): string | undefined {
  const id = key.slice(KEY.jobsPrefix.length).split('/')[0] ?? '';
  return new RegExp(JOB_ID_PATTERN).test(id) && key === KEY.input(id) ? id : undefined;
}

/** The job of a file under `inbox/`, created if this version of the file has none. */
async function inboxJob(
  { key, etag, sequencer }: ObjectCreated['object'],
  input: InputVersion,
  { store, s3, bucket, retentionDays, deployed }: Dependencies,
): Promise<string | undefined> {
  const id = `job_${createHash('sha256').update([bucket, key, etag, sequencer].join('\n')).digest('hex').slice(0, 32)}`;
  const inputKey = key.toWellFormed();
  const now = new Date();
  const row: JobRow = newJob({
    id,
    tenant: DEFAULT_TENANT,
    name: displayName(key),
    origin: 'inbox',
    inputKey,
    input,
    tasks: tasksFor({}, deployed),
    deployed,
    options: {},
    priority: key.startsWith(KEY.bulkInboxPrefix) ? 'bulk' : 'normal',
    now,
    uploadUntil: secondsOf(now) + 60,
    retentionDays,
  });
  // A late or repeated event must not restore a job that was deleted with its recording.
  if (input.version !== undefined && inputKey === key && (await findInput(s3, bucket, row)) === undefined)
    return undefined;
  await store.create(row);
  return id;
}
