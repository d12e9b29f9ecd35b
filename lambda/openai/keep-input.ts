import { createHash, randomUUID } from 'node:crypto';
import { PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import type { Allowance } from '../frame/allowance';
import type { JobRow } from '../../core/contract/job';
import { KEY } from '../../core/contract/keys';
import type { DeployedTasks } from '../../core/contract/tasks';
import { createJob, type MadeJob, type RequestIdentity } from '../api/create-job';
import { inTime } from '../frame/deadline';
import { type Begun, Refusal } from '../frame/refusal';
import type { Caller } from '../frame/caller';
import type { Arrival, JobStore } from '../../core/jobs/job-store';
import { optionsFor } from '../../core/jobs/job-tasks';
import { keepRecordings, recordingKeys } from '../../core/voices/known-speakers';
import { displayName, newJob } from '../../core/jobs/new-job';
import type { Tools } from '../frame/runtime';
import { measureInput } from '../intake/measuring/measure-input';
import type { JobInput, TaskRequest } from './task-request';

export interface InputStorage {
  store: JobStore;
  s3: S3Client;
  bucket: string;
  deployed: DeployedTasks;
  uploadExpirySeconds: number;
  retentionDays: number;
  /** Longest audio in seconds. */
  maxAudioSeconds: number;
}

type Keeping = Pick<InputStorage, 'store' | 's3' | 'bucket' | 'maxAudioSeconds'>;

/**
 * SHA-256 in hex of an input, the recordings of known speakers and its task's options. Requests with
 * the same digest are identical.
 */
export function digest({ input: { bytes, tasks, speakers = [] }, route }: TaskRequest): string {
  const options = JSON.stringify(Object.entries(tasks[route.task] ?? {}).sort());
  const hash = createHash('sha256').update(options);
  // Each by its own hash: otherwise the end of one could be the beginning of the next.
  for (const recording of speakers) hash.update(createHash('sha256').update(recording).digest());
  return hash.update(bytes).digest('hex');
}

/**
 * Creates a job for an input, or finds the job of an identical request. When this returns, the input
 * is safe: the row and the object are stored, so the bucket's event sends the job's message. If that
 * event is lost, the sweeper sends it.
 *
 * The row is stored first, because an object without a row is treated as an unwanted upload and
 * deleted.
 *
 * @param begun receives the job's id before the job can exist
 * @param untilMs epoch milliseconds by which the caller must be answered
 * @throws Refusal (429) if the day's quota is used up; (503) if the table or the bucket does not
 *   respond in time. The 503 names the job if one may exist, and the same request waits for that
 *   job.
 */
export function keepInput(
  task: TaskRequest,
  { caller, allowance, same }: { caller: Caller; allowance: Allowance; same: RequestIdentity },
  { store, ...keeping }: InputStorage,
  begun: Begun,
  untilMs: number,
  tools: Tools,
): Promise<MadeJob> {
  return kept(task, begun, untilMs, tools, async (signal) => {
    const now = new Date();
    const row = {
      ...newRow(task.input, caller, keeping, now),
      ...(allowance.isCounted && { counted: true }),
    };
    const made = await createJob(row, same, store, now, allowance, begun);
    return {
      ...made,
      row: await withInput(made.row, task.input, { store, ...keeping }, signal, tools),
    };
  });
}

/**
 * Stores the input of a job, if the request that created the job ended before it did so.
 *
 * @throws Refusal as {@link keepInput}
 */
export function keepBytes(
  row: JobRow,
  task: TaskRequest,
  keeping: Keeping,
  begun: Begun,
  untilMs: number,
  tools: Tools,
): Promise<JobRow> {
  begun.jobId = row.id;
  return kept(task, begun, untilMs, tools, (signal) => withInput(row, task.input, keeping, signal, tools));
}

/** Runs `keep` within the time limit. A failure returns 503 with the job, if one may exist. */
async function kept<T>(
  { route }: TaskRequest,
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
    logger.warn(`could not keep the ${route.input} of a request`, error as Error);
    throw notStored(route.input, begun);
  } finally {
    // Start no upload after the answer: the caller would not know about the job.
    abort.abort();
  }
}

function notStored(what: string, { jobId }: Begun): Refusal {
  const message = `The ${what} could not be stored; send it again in a moment`;
  const job = `. It may have become job ${jobId}; the same request waits for that job`;
  return new Refusal(503, 'busy', jobId === undefined ? message : message + job, {
    retryAfterSeconds: 5,
    shouldRetry: true,
    jobId,
  });
}

const newRow = (
  { name, tasks, mediaType, speakers = [] }: JobInput,
  { tenant, key_id }: Caller,
  { deployed, retentionDays, uploadExpirySeconds }: Omit<InputStorage, 'store'>,
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
    tasks,
    deployed,
    options: optionsFor(tasks, deployed),
    mediaType,
    speakerRecordings: recordingKeys(id, speakers),
    now,
    uploadUntil: Math.ceil(now.getTime() / 1000 + uploadExpirySeconds),
    retentionDays,
  });
};

async function withInput(
  row: JobRow,
  { bytes, speakers = [] }: Pick<JobInput, 'bytes' | 'speakers'>,
  { store, s3, bucket, maxAudioSeconds }: Keeping,
  signal: AbortSignal,
  tools: Tools,
): Promise<JobRow> {
  if (row.status !== 'awaiting_upload') return row;
  signal.throwIfAborted();
  await keepRecordings(s3, bucket, row, speakers, signal);
  const put = new PutObjectCommand({
    Bucket: bucket,
    Key: row.input_key,
    Body: bytes,
    ContentLength: bytes.length,
  });
  const { VersionId, ETag } = await s3.send(put, { abortSignal: signal });
  const range = async (start: number, end: number) => bytes.subarray(start, end);
  const measured = await measureInput(row, bytes.length, { range, maxAudioSeconds }, tools);
  return (await queued(row, { version: VersionId, etag: ETag, ...measured }, store)) ?? row;
}

/**
 * Marks the row as queued, or as failed if the day's quota is used up. A failure is ignored, because
 * the bucket's event does the same.
 */
async function queued(row: JobRow, input: Arrival, store: JobStore): Promise<JobRow | undefined> {
  try {
    return (await store.queue(row, input, new Date())) ?? (await store.get(row.id));
  } catch {
    return undefined;
  }
}
