import { createHash, randomUUID } from 'node:crypto';
import { PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import type { Allowance } from './allowance';
import { type JobOptions, type JobRow, KEY } from './contract';
import { createJob } from './create-job';
import { type Caller, Refusal } from './http';
import type { JobStore } from './job-store';
import { displayName, newJob } from './new-job';
import type { Tools } from './runtime';

export interface Keeping {
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

/**
 * Makes a job of a recording that is here. Once this returns, nothing of it can be lost: its row is marked as queued and its
 * audio is stored, so that the bucket's event sends the message, or, if that is lost, the sweeper.
 *
 * The row comes first: to who hears of it, audio without a row is an upload that nobody waits for, to be erased.
 *
 * @param untilMs epoch milliseconds at which the caller has to be answered
 * @throws Refusal (429) if the day's quota is used up; (503) if the table or the bucket cannot be written to in that time
 */
export async function keepRecording(
  { name, bytes, options }: Recording,
  { caller, allowance, idempotencyKey }: { caller: Caller; allowance: Allowance; idempotencyKey?: string },
  { store, s3, bucket, ...limits }: Keeping,
  untilMs: number,
  { logger }: Tools,
): Promise<JobRow> {
  const id = `job_${randomUUID().replaceAll('-', '')}`;
  const now = new Date();
  const wanted = newJob({
    ...limits,
    id,
    tenant: caller.tenant,
    keyId: caller.key_id,
    name: displayName(name),
    origin: 'api',
    inputKey: KEY.input(id),
    options,
    now,
    uploadUntil: Math.ceil(now.getTime() / 1000 + limits.uploadExpirySeconds),
  });
  const idempotency =
    idempotencyKey === undefined ? undefined : { key: idempotencyKey, sha256: digest(bytes, options) };
  const signal = AbortSignal.timeout(Math.max(1, untilMs - now.getTime()));
  const late = new Promise<never>((_, reject) =>
    signal.addEventListener('abort', () => reject(new Error('The table and the bucket took too long'))),
  );
  const kept = async () => {
    const { row } = await createJob(wanted, idempotency, store, now, allowance);
    // An earlier request with the same key may have died before the audio was stored.
    if (row.status !== 'awaiting_upload') return row;
    const put = new PutObjectCommand({
      Bucket: bucket,
      Key: row.input_key,
      Body: bytes,
      ContentLength: bytes.length,
    });
    await s3.send(put, { abortSignal: signal });
    return (await queued(row, store)) ?? row;
  };
  try {
    return await Promise.race([kept(), late]);
  } catch (error) {
    if (error instanceof Refusal) throw error;
    logger.warn('could not keep a recording', error as Error);
    const message = 'The recording could not be stored; send it again in a moment';
    throw new Refusal(503, 'busy', message, { retryAfterSeconds: 5 });
  }
}

/** The row as queued. The audio's event queues it too, and may have done so already, so that a failure is none. */
async function queued(row: JobRow, store: JobStore): Promise<JobRow | undefined> {
  try {
    return (await store.queue(row.id, new Date())) ?? (await store.get(row.id));
  } catch {
    return undefined;
  }
}

const digest = (bytes: Buffer, options: JobOptions) =>
  createHash('sha256')
    .update(JSON.stringify(Object.entries(options).sort()))
    .update(bytes)
    .digest('hex');
