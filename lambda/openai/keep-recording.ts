import { createHash, randomUUID } from 'node:crypto';
import { PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import type { Allowance } from '../frame/allowance';
import type { JobOptions } from '../../core/contract/options';
import type { JobRow } from '../../core/contract/job';
import { KEY } from '../../core/contract/keys';
import type { DeployedTasks } from '../../core/contract/tasks';
import { createJob, type MadeJob, type RequestIdentity } from '../api/create-job';
import { inTime } from '../frame/deadline';
import { type Begun, Refusal } from '../frame/refusal';
import type { Caller } from '../frame/caller';
import type { InputVersion, JobStore } from '../../core/jobs/job-store';
import { tasksFor } from '../../core/jobs/job-tasks';
import { displayName, newJob } from '../../core/jobs/new-job';
import type { Tools } from '../frame/runtime';

export interface RecordingStorage {
  store: JobStore;
  s3: S3Client;
  bucket: string;
  deployed: DeployedTasks;
  uploadExpirySeconds: number;
  retentionDays: number;
}

export interface Recording {
  name: string;
  bytes: Buffer;
  options: JobOptions;
}

/**
 * SHA-256 in hex of a recording and its job's options. Requests with the same digest are identical.
 */
export const digest = ({ bytes, options }: Pick<Recording, 'bytes' | 'options'>): string =>
  createHash('sha256')
    .update(JSON.stringify(Object.entries(options).sort()))
    .update(bytes)
    .digest('hex');

/**
 * Creates a job for a recording, or finds the job of an identical request. When this returns, the
 * recording is safe: the row and the audio are stored, so the bucket's event sends the job's
 * message. If that event is lost, the sweeper sends it.
 *
 * The row is stored first, because audio without a row is treated as an unwanted upload and
 * deleted.
 *
 * @param begun receives the job's id before the job can exist
 * @param untilMs epoch milliseconds by which the caller must be answered
 * @throws Refusal (429) if the day's quota is used up; (503) if the table or the bucket does not
 *   respond in time. The 503 names the job if one may exist, and the same request waits for that
 *   job.
 */
export function keepRecording(
  recording: Recording,
  { caller, allowance, same }: { caller: Caller; allowance: Allowance; same: RequestIdentity },
  { store, ...keeping }: RecordingStorage,
  begun: Begun,
  untilMs: number,
  tools: Tools,
): Promise<MadeJob> {
  return kept(begun, untilMs, tools, async (signal) => {
    const now = new Date();
    const row = { ...newRow(recording, caller, keeping, now), ...(allowance.isCounted && { counted: true }) };
    const made = await createJob(row, same, store, now, allowance, begun);
    return { ...made, row: await withAudio(made.row, recording.bytes, { store, ...keeping }, signal) };
  });
}

/**
 * Stores the audio of a job, if the request that created the job ended before it did so.
 *
 * @throws Refusal as {@link keepRecording}
 */
export function keepAudio(
  row: JobRow,
  bytes: Buffer,
  keeping: Pick<RecordingStorage, 'store' | 's3' | 'bucket'>,
  begun: Begun,
  untilMs: number,
  tools: Tools,
): Promise<JobRow> {
  begun.jobId = row.id;
  return kept(begun, untilMs, tools, (signal) => withAudio(row, bytes, keeping, signal));
}

/** Runs `keep` within the time limit. A failure returns 503 with the job, if one may exist. */
async function kept<T>(
  begun: Begun,
  untilMs: number,
  { logger }: Tools,
  keep: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const abort = new AbortController();
  try {
    return await inTime(untilMs, keep(abort.signal));
  } catch (error) {
    if (error instanceof Refusal) throw error;
    logger.warn('could not keep a recording', error as Error);
    throw notStored(begun);
  } finally {
    // Start no upload after the answer: the caller would not know about the job.
    abort.abort();
  }
}

function notStored({ jobId }: Begun): Refusal {
  const message = 'The recording could not be stored; send it again in a moment';
  const job = `. It may have become job ${jobId}; the same request waits for that job`;
  return new Refusal(503, 'busy', jobId === undefined ? message : message + job, {
    retryAfterSeconds: 5,
    shouldRetry: true,
    jobId,
  });
}

const newRow = (
  { name, options }: Recording,
  { tenant, key_id }: Caller,
  { deployed, retentionDays, uploadExpirySeconds }: Omit<RecordingStorage, 'store'>,
  now: Date,
): JobRow => {
  const id = `job_${randomUUID().replaceAll('-', '')}`;
  return newJob({
    id,
    tenant,
    keyId: key_id,
    name: displayName(name),
    origin: 'api',
    inputKey: KEY.input(id),
    tasks: tasksFor(options, deployed),
    deployed,
    options,
    now,
    uploadUntil: Math.ceil(now.getTime() / 1000 + uploadExpirySeconds),
    retentionDays,
  });
};

async function withAudio(
  row: JobRow,
  bytes: Buffer,
  { store, s3, bucket }: Pick<RecordingStorage, 'store' | 's3' | 'bucket'>,
  signal: AbortSignal,
): Promise<JobRow> {
  if (row.status !== 'awaiting_upload') return row;
  signal.throwIfAborted();
  const put = new PutObjectCommand({
    Bucket: bucket,
    Key: row.input_key,
    Body: bytes,
    ContentLength: bytes.length,
  });
  const { VersionId, ETag } = await s3.send(put, { abortSignal: signal });
  return (await queued(row, { version: VersionId, etag: ETag }, store)) ?? row;
}

/** Marks the row as queued. A failure is ignored, because the bucket's event does the same. */
async function queued(row: JobRow, input: InputVersion, store: JobStore): Promise<JobRow | undefined> {
  try {
    return (await store.queue(row.id, input, new Date())) ?? (await store.get(row.id));
  } catch {
    return undefined;
  }
}
