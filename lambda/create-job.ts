import type { Allowance } from './allowance';
import { idempotencyId, type JobRow } from './contract';
import { Refusal, refuseUsedUp } from './http';
import type { JobStore } from './job-store';

/** How long a request with the same `Idempotency-Key` gets the same job. */
const IDEMPOTENCY_SECONDS = 24 * 3600;

/** What makes two requests with the same `Idempotency-Key` the same. */
export interface Idempotency {
  key: string;
  /** SHA-256 in hex of what was asked. */
  sha256: string;
}

/**
 * Stores a new job's row, or finds the job that an earlier request with the same `Idempotency-Key` made.
 *
 * @throws Refusal (409) if that asked for something else, or its job has been erased: the key then makes no second one;
 *   (429) for a new job if the day's quota is used up: one that is there already is found nevertheless
 */
export async function createJob(
  row: JobRow,
  idempotency: Idempotency | undefined,
  store: JobStore,
  now: Date,
  allowance: Allowance,
): Promise<{ row: JobRow; isNew: boolean }> {
  if (idempotency === undefined) {
    refuseUsedUp(allowance);
    await store.create(row);
    return { row, isNew: true };
  }
  const seconds = Math.floor(now.getTime() / 1000);
  const remembered = {
    id: idempotencyId(row.tenant, idempotency.key),
    job_id: row.id,
    body_sha256: idempotency.sha256,
    expires_at: seconds + IDEMPOTENCY_SECONDS,
  };
  const earlier = allowance.isUsedUp
    ? await store.remembered(remembered.id, seconds)
    : await store.createOnce(row, remembered, seconds);
  if (earlier === undefined) {
    refuseUsedUp(allowance);
    return { row, isNew: true };
  }
  if (earlier.body_sha256 !== idempotency.sha256)
    throw conflict('This Idempotency-Key was used with another body');
  const job = await store.get(earlier.job_id);
  if (job === undefined) throw conflict('The job of this Idempotency-Key has been erased');
  return { row: job, isNew: false };
}

const conflict = (message: string) =>
  new Refusal(409, 'idempotency_conflict', message, { param: 'Idempotency-Key' });
