import { createHash, randomUUID } from 'node:crypto';
import { PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import type { Allowance } from '../frame/allowance';
import type { JobOptions } from '../../core/contract/options';
import type { JobRow } from '../../core/contract/job';
import { KEY } from '../../core/contract/keys';
import { createJob, type MadeJob, type RequestIdentity } from '../api/create-job';
import { inTime } from '../frame/deadline';
import { type Begun, Refusal } from '../frame/refusal';
import type { Caller } from '../frame/caller';
import type { InputVersion, JobStore } from '../../core/jobs/job-store';
import { displayName, newJob } from '../../core/jobs/new-job';
import type { Tools } from '../frame/runtime';

export interface RecordingStorage {
  store: JobStore;
  s3: S3Client;
  bucket: string;
  /** Whether the path understands recordings. */
  analysis: boolean;
  uploadExpirySeconds: number;
  retentionDays: number;
}

export interface Recording {
  name: string;
  bytes: Buffer;
  options: JobOptions;
}

/** SHA-256 in hex of a recording and the options of its job: what makes two requests for a transcript the same. */
export const digest = ({ bytes, options }: Pick<Recording, 'bytes' | 'options'>): string =>
  createHash('sha256')
    .update(JSON.stringify(Object.entries(options).sort()))
    .update(bytes)
    .digest('hex');

/**
 * Makes a job of a recording, or finds the one that a same request made. Once this returns, nothing of it can be lost: the
 * row is there and the audio is stored, so that the bucket's event sends the message, or, if that is lost, the sweeper.
 *
 * The row comes first, because audio without a row is taken for an upload that nobody waits for, and erased.
 *
 * @param begun is told the job's id before it can exist
 * @param untilMs epoch milliseconds at which the caller has to be answered
 * @throws Refusal (429) if the day's quota is used up; (503) if the table or the bucket cannot be written to in that time:
 *   it names the job if there may be one, and the same request attaches to it
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
 * The row with its audio stored: the request that made the job may have ended before it stored the audio.
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

/** Does something to be kept within the time. What fails is a 503 that names the job, if there may be one. */
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
    throw notKept(begun);
  } finally {
    // No upload begins after the answer: the caller would not know of its job.
    abort.abort();
  }
}

function notKept({ jobId }: Begun): Refusal {
  const message = 'The recording could not be stored; send it again in a moment';
  const job = `: it may have become job ${jobId}, and the same request attaches to that`;
  return new Refusal(503, 'busy', jobId === undefined ? message : message + job, {
    retryAfterSeconds: 5,
    shouldRetry: true,
    jobId,
  });
}

const newRow = (
  { name, options }: Recording,
  { tenant, key_id }: Caller,
  { analysis, retentionDays, uploadExpirySeconds }: Omit<RecordingStorage, 'store'>,
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
    options,
    analysis,
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

/** The row as queued. The audio's event queues it too, and may have done so already, so that a failure is none. */
async function queued(row: JobRow, input: InputVersion, store: JobStore): Promise<JobRow | undefined> {
  try {
    return (await store.queue(row.id, input, new Date())) ?? (await store.get(row.id));
  } catch {
    return undefined;
  }
}
