import type { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import type { S3Client } from '@aws-sdk/client-s3';
import { announce } from '../../core/jobs/completion';
import type { JobError } from '../../core/contract/values';
import type { JobRow } from '../../core/contract/job';
import { KEY } from '../../core/contract/keys';
import { eraseObjects } from '../../core/jobs/job-objects';
import type { InputVersion } from '../../core/jobs/job-store';
import { isRecording } from '../../core/jobs/job-tasks';
import { eraseVersions } from '../../core/jobs/object-versions';
import type { Tools } from '../frame/runtime';
import { measureInput, objectRange } from './measuring/measure-input';
import { type Dispatch, sendJob } from './send-job';

export interface TakeIn extends Dispatch {
  s3: S3Client;
  events: EventBridgeClient;
  bucket: string;
  path: string;
  maxUploadBytes: number;
  /** Longest audio in seconds. */
  maxAudioSeconds: number;
}

/** An uploaded recording: a version of an object. */
export interface Recording extends InputVersion {
  key: string;
  /** Bytes. */
  size: number;
}

/**
 * The outcome for a recording. `unwanted`: no job awaits it, and it was deleted. `surplus`: its job
 * already has another recording, and it was deleted. `unchanged`: its job already has this
 * recording.
 */
export interface TakenIn {
  outcome: 'queued' | 'refused' | 'unwanted' | 'surplus' | 'unchanged';
  /** The job that was queued. */
  row?: JobRow;
}

/**
 * Measures a recording and queues its job, or fails the job if the recording cannot be processed or
 * the day of its key is used up. May be repeated.
 */
export async function takeIn(
  id: string,
  recording: Recording,
  dependencies: TakeIn,
  tools: Pick<Tools, 'logger'>,
): Promise<TakenIn> {
  const { store, s3, bucket, events, path, maxUploadBytes } = dependencies;
  const known = await store.get(id);
  const changed =
    known?.status === 'awaiting_upload' ? await admit(known, recording, dependencies, tools) : undefined;
  // If the row did not change, an earlier invocation may have stopped before it did the rest.
  const row = changed ?? (await store.get(id));
  if (row === undefined || row.status === 'cancelled' || row.status === 'expired') {
    const { key, version: input_version, etag: input_etag } = recording;
    await eraseObjects(s3, bucket, row ?? { id, input_key: key.toWellFormed(), input_version, input_etag });
    return { outcome: 'unwanted' };
  }
  if (isAnother(recording, row)) return surplus(recording, dependencies);
  if (row.status === 'queued') {
    await sendJob(dependencies, row);
    return { outcome: 'queued', row };
  }
  // Only the intake fails a job for its quota.
  const refusal = refused(row, recording, maxUploadBytes)?.code ?? 'quota_exceeded';
  if (row.status === 'failed' && row.error?.code === refusal) {
    await eraseObjects(s3, bucket, row);
    await announce(events, path, row);
    return { outcome: 'refused' };
  }
  return { outcome: 'unchanged' };
}

/** Queues a job or fails it. Returns undefined if it no longer awaits its recording. */
async function admit(
  row: JobRow,
  recording: Recording,
  dependencies: TakeIn,
  tools: Pick<Tools, 'logger'>,
): Promise<JobRow | undefined> {
  const { store, s3, bucket, maxUploadBytes, maxAudioSeconds } = dependencies;
  const refusal = refused(row, recording, maxUploadBytes);
  if (refusal !== undefined) return store.refuse(row.id, recording, refusal, new Date());
  const range = objectRange(s3, bucket, recording);
  const measured = await measureInput(row, recording.size, { range, maxAudioSeconds }, tools);
  return store.queue(row, { ...recording, ...measured }, new Date());
}

/**
 * Deletes a second recording of a job. A presigned upload URL can be used again until it expires,
 * but the job keeps its recording. If the second one were the latest version, S3 would expire the
 * job's own early.
 */
async function surplus({ key, version }: Recording, { s3, bucket }: TakeIn): Promise<TakenIn> {
  // Without versioning, the other recording has replaced the job's own: the worker detects that.
  if (version !== undefined && key.startsWith(KEY.jobsPrefix))
    await eraseVersions(s3, bucket, [{ key, version }]);
  return { outcome: 'surplus' };
}

/** Whether a job is known to have a different recording. */
function isAnother({ version, etag }: InputVersion, { input_version, input_etag }: JobRow): boolean {
  const differ = (mine?: string, other?: string) =>
    mine !== undefined && other !== undefined && mine !== other;
  return differ(version, input_version) || differ(etag, input_etag);
}

function refused(row: JobRow, { key, size }: Recording, maxUploadBytes: number): JobError | undefined {
  if (!key.isWellFormed())
    return {
      code: 'source_not_found',
      message: 'The file name is not valid Unicode, so the file cannot be read. Rename it',
    };
  if (size === 0) {
    const code = isRecording(row) ? 'bad_audio' : 'invalid_request';
    return { code, message: 'The file is empty' };
  }
  if (size <= maxUploadBytes) return undefined;
  return {
    code: 'upload_too_large',
    message: `The file must be at most ${maxUploadBytes} bytes; got ${size}`,
  };
}
