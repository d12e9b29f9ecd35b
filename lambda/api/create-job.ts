import { type Allowance, refuseUsedUp } from '../frame/allowance';
import { idempotencyId, recordingId } from '../../core/contract/keys';
import type { IdempotencyRow, JobRow } from '../../core/contract/job';
import { type Begun, Refusal } from '../frame/refusal';
import type { Caller } from '../frame/caller';
import { secondsOf } from '../../core/jobs/job-changes';
import type { JobStore } from '../../core/jobs/job-store';
import { unitsOf } from '../../core/jobs/job-tasks';
import { isLimited } from '../../core/usage/quota';

/** How long identical requests get the same job. */
const REMEMBERED_SECONDS = 24 * 3600;

/** Attempts to create a job, if other requests replace the same job concurrently. */
const TRIES = 3;

/** Identifies identical requests. */
export interface RequestIdentity {
  /** Id of the row that remembers the job. */
  id: string;
  /** SHA-256 in hex of the request's content. */
  sha256: string;
  /** Whether a job that failed, was cancelled or was deleted is replaced by a new one. */
  renews: boolean;
}

/** Requests with the same `Idempotency-Key` get the same job, whatever its outcome. */
export const sameKey = (
  { tenant }: Pick<Caller, 'tenant'>,
  key: string,
  sha256: string,
): RequestIdentity => ({
  id: idempotencyId(tenant, key),
  sha256,
  renews: false,
});

/**
 * Requests of one caller with the same recording and options get the same job, unless it ended
 * without a result.
 */
export const sameRecording = ({ tenant, key_id }: Caller, sha256: string): RequestIdentity => ({
  id: recordingId(tenant, key_id, sha256),
  sha256,
  renews: true,
});

/** The job of a request. */
export interface MadeJob {
  row: JobRow;
  /** Whether this request created it. */
  isNew: boolean;
}

/** The job of an earlier identical request. */
export interface EarlierJob {
  /** @default - no job to wait for */
  row?: JobRow;
  /** Id of a job that a new one may replace. */
  replaces?: string;
}

/**
 * Finds the job of an earlier identical request.
 *
 * @throws Refusal (409) if the `Idempotency-Key` was used for a different request, or its job has
 *   been deleted
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
    throw conflict('This Idempotency-Key was already used with a different request');
  const row = await store.get(remembered.job_id);
  if (!same.renews && row === undefined) throw conflict('The job of this Idempotency-Key has been deleted');
  return same.renews && !mayHaveResult(row) ? { replaces: remembered.job_id } : { row };
}

/**
 * Stores a new job's row, or finds the job of an earlier identical request.
 *
 * @param same @default - every request creates a job
 * @param begun receives the job's id before the job can exist; it is removed if the job was not
 *   created
 * @throws Refusal (409) as {@link earlierJob}; (429) if a new job is needed and the day's quota is
 *   used up
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
  const { limits } = allowance.quota;
  const limited = isLimited(limits) ? { ...row, units_per_day: limits } : row;
  try {
    const made = await madeOrFound(limited, same, store, now, allowance);
    begun.jobId = made.row.id;
    return made;
  } catch (error) {
    if (error instanceof Refusal || !(await mayExist(row.id, store))) begun.jobId = undefined;
    throw error;
  }
}

/** Whether a row exists after a failed write: only the answer may have been lost. */
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
  const units = Object.values(unitsOf(row));
  if (same === undefined) {
    refuseUsedUp(allowance, units);
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
    const earlier = allowance.usedUp(units)
      ? await store.remembered(same.id, secondsOf(now))
      : await store.createOnce(row, remembered, secondsOf(now), replaces);
    const found: EarlierJob = earlier === undefined ? {} : await jobOf(earlier, same, store);
    if (found.row !== undefined) return { row: found.row, isNew: false };
    refuseUsedUp(allowance, units);
    if (earlier === undefined) return { row, isNew: true };
    replaces = found.replaces;
  }
  throw new Refusal(503, 'busy', 'The same request was sent several times at once; send it again', {
    retryAfterSeconds: 2,
  });
}

const mayHaveResult = (row: JobRow | undefined): boolean =>
  row !== undefined && (row.open !== undefined || row.status === 'succeeded');

const conflict = (message: string) =>
  new Refusal(409, 'idempotency_conflict', message, {
    param: 'Idempotency-Key',
    // OpenAI's clients would retry a 409, but this one is permanent.
    shouldRetry: false,
  });
