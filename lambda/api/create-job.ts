import { type Allowance, refuseUsedUp } from '../frame/allowance';
import { idempotencyId, recordingId } from '../../core/contract/keys';
import type { IdempotencyRow, JobRow } from '../../core/contract/job';
import { type Begun, Refusal } from '../frame/refusal';
import type { Caller } from '../frame/caller';
import type { JobStore } from '../../core/jobs/job-store';

/** How long the same request gets the same job. */
const REMEMBERED_SECONDS = 24 * 3600;

/** How often a job is made anew when the one that it replaces has just been replaced by another request. */
const TRIES = 3;

/** What makes two requests the same. */
export interface RequestIdentity {
  /** Id of the row that remembers the job. */
  id: string;
  /** SHA-256 in hex of what was asked. */
  sha256: string;
  /** Whether a job that failed, was cancelled or was erased gives way to a new one. */
  renews: boolean;
}

/** Requests with the same `Idempotency-Key`: they get one job, whatever comes of it. */
export const sameKey = (
  { tenant }: Pick<Caller, 'tenant'>,
  key: string,
  sha256: string,
): RequestIdentity => ({
  id: idempotencyId(tenant, key),
  sha256,
  renews: false,
});

/** Requests of one caller with the same recording and options: they get one job, as long as it can have a result. */
export const sameRecording = ({ tenant, key_id }: Caller, sha256: string): RequestIdentity => ({
  id: recordingId(tenant, key_id, sha256),
  sha256,
  renews: true,
});

/** A job for a request. */
export interface MadeJob {
  row: JobRow;
  /** Whether this request made it. */
  isNew: boolean;
}

/** What an earlier request left. */
export interface EarlierJob {
  /** @default - there is no job to attach to */
  row?: JobRow;
  /** Id of a job that a new one may replace. */
  replaces?: string;
}

/**
 * The job that an earlier, same request made.
 *
 * @throws Refusal (409) if a request with the same `Idempotency-Key` asked for something else, or its job has been erased
 */
export async function earlierJob(same: RequestIdentity, store: JobStore, now: Date): Promise<EarlierJob> {
  const remembered = await store.remembered(same.id, secondsOf(now));
  return remembered === undefined ? {} : jobOf(remembered, same, store);
}

async function jobOf(
  remembered: IdempotencyRow,
  same: RequestIdentity,
  store: JobStore,
): Promise<EarlierJob> {
  if (remembered.body_sha256 !== same.sha256)
    throw conflict('This Idempotency-Key was used with another body');
  const row = await store.get(remembered.job_id);
  if (!same.renews && row === undefined) throw conflict('The job of this Idempotency-Key has been erased');
  return same.renews && !mayHaveResult(row) ? { replaces: remembered.job_id } : { row };
}

/**
 * Stores a new job's row, or finds the job that an earlier, same request made.
 *
 * @param same @default - every request makes a job
 * @param begun is told the job's id before it can exist, and freed of it if it does not
 * @throws Refusal (409) as {@link earlierJob}; (429) for a new job if the day's quota is used up: an earlier one is found
 *   nevertheless
 */
export async function createJob(
  row: JobRow,
  same: RequestIdentity | undefined,
  store: JobStore,
  now: Date,
  allowance: Allowance,
  begun: Begun,
): Promise<MadeJob> {
  begun.jobId = row.id;
  try {
    const made = await madeOrFound(row, same, store, now, allowance);
    begun.jobId = made.row.id;
    return made;
  } catch (error) {
    if (error instanceof Refusal || !(await mayExist(row.id, store))) begun.jobId = undefined;
    throw error;
  }
}

/** Whether a row is there after a write that failed: its answer may have been lost. */
const mayExist = (id: string, store: JobStore): Promise<boolean> =>
  store.get(id).then(
    (row) => row !== undefined,
    () => true,
  );

async function madeOrFound(
  row: JobRow,
  same: RequestIdentity | undefined,
  store: JobStore,
  now: Date,
  allowance: Allowance,
): Promise<MadeJob> {
  if (same === undefined) {
    refuseUsedUp(allowance);
    await store.create(row);
    return { row, isNew: true };
  }
  const remembered = {
    id: same.id,
    job_id: row.id,
    body_sha256: same.sha256,
    expires_at: secondsOf(now) + REMEMBERED_SECONDS,
  };
  let replaces: string | undefined;
  for (let tries = 0; tries < TRIES; tries++) {
    const earlier = allowance.isUsedUp
      ? await store.remembered(same.id, secondsOf(now))
      : await store.createOnce(row, remembered, secondsOf(now), replaces);
    const found: EarlierJob = earlier === undefined ? {} : await jobOf(earlier, same, store);
    if (found.row !== undefined) return { row: found.row, isNew: false };
    refuseUsedUp(allowance);
    if (earlier === undefined) return { row, isNew: true };
    replaces = found.replaces;
  }
  throw new Refusal(503, 'busy', 'The same request was made several times at once; send it again', {
    retryAfterSeconds: 2,
  });
}

const mayHaveResult = (row: JobRow | undefined): boolean =>
  row !== undefined && (row.open !== undefined || row.status === 'succeeded');

const secondsOf = (instant: Date) => Math.floor(instant.getTime() / 1000);

const conflict = (message: string) =>
  new Refusal(409, 'idempotency_conflict', message, {
    param: 'Idempotency-Key',
    // OpenAI's clients repeat a 409, and this one stays.
    shouldRetry: false,
  });
