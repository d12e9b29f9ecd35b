import type { PartFormat } from './names';

// Keys of objects and rows, shared by writers and readers.

/** Keys in the media bucket. A job's keys never contain the client's file name. */
export const KEY = {
  inboxPrefix: 'inbox/',
  /** Files below it become bulk jobs. */
  bulkInboxPrefix: 'inbox/bulk/',
  jobsPrefix: 'jobs/',
  voicesPrefix: 'voices/',
  /** The recording of a voice that a tenant keeps. */
  voice: (tenant: string, id: string) => `voices/${tenant}/${id}`,
  job: (id: string) => `jobs/${id}/`,
  input: (id: string) => `jobs/${id}/input`,
  /** Recordings of known speakers. */
  speakers: (id: string) => `jobs/${id}/speakers/`,
  /** @param number from 1 */
  speaker: (id: string, number: number) => `jobs/${id}/speakers/${number}`,
  /** Segments of finished windows, written while a job runs. */
  checkpoint: (id: string) => `jobs/${id}/checkpoint.json`,
  /** What all attempts wrote, besides checkpoints. */
  allResults: (id: string) => `jobs/${id}/results/`,
  /** What an attempt wrote. */
  results: (id: string, attempt: number) => `jobs/${id}/results/${attempt}/`,
  /** One result per task and attempt, as JSON; the row names those that were committed. */
  result: (id: string, attempt: number, name: string) => `jobs/${id}/results/${attempt}/${name}.json`,
  /** A part of a task's work, as written by an attempt. @param number from 1 */
  part: (id: string, attempt: number, number: number, format: PartFormat) =>
    `jobs/${id}/results/${attempt}/${partName(number, format)}`,
  /** A file of a result, as written by an attempt. */
  file: (id: string, attempt: number, name: string) => `jobs/${id}/results/${attempt}/${name}`,
} as const;

/** Name of a part. @param number from 1 */
export const partName = (number: number, format: PartFormat): string =>
  `part-${String(number).padStart(6, '0')}.${format}`;

/** Paths of the worker's copies of a job's files, below the shared directory. */
export const SHARED = {
  job: (id: string) => id,
  input: (id: string) => `${id}/input`,
  /** The recording of a known speaker. @param number from 1 */
  speaker: (id: string, number: number) => `${id}/speaker-${number}`,
  /** A part that an earlier attempt wrote. @param number from 1 */
  part: (id: string, number: number, format: PartFormat) => `${id}/${partName(number, format)}`,
} as const;

/** Indexes of the jobs table. */
export const INDEX = {
  /** Partition key `tenant`, sort key `created_at`: a tenant's jobs, newest first. */
  byTenant: 'by-tenant',
  /** Partition key `open` (present until a job ends), sort key `sweep_at`: read by the sweeper. */
  open: 'open',
  /** Partition key `open`, sort key `waits_from`: the jobs that no worker holds, read by the sizer. */
  waiting: 'waiting',
} as const;

/** Tenant of files under `inbox/`, and the default of `spotscribe keys create`. */
export const DEFAULT_TENANT = 'default';

/** Names of tenants. */
export const TENANT_PATTERN = '^[A-Za-z0-9._@-]{1,64}$';

/** Id of the row that records the job of an `Idempotency-Key`. */
export const idempotencyId = (tenant: string, key: string) => `idempotency#${tenant}#${key}`;

/**
 * Id of the row that records the job of a recording. @param sha256 of the recording and the options
 * of its job
 */
export const recordingId = (tenant: string, keyId: string, sha256: string) =>
  `recording#${tenant}#${keyId}#${sha256}`;

/** Id of the row with the voices of a tenant. */
export const voicesId = (tenant: string) => `voices#${tenant}`;

/** Id of the row that counts the daily usage of a key. @param day such as `2026-03-01` */
export const usageId = (keyId: string, day: string) => `usage#${keyId}#${day}`;

/**
 * Id of the row that records that a synchronous answer was counted, in the jobs table.
 *
 * @param sha256 as in {@link recordingId}
 */
export const chargedId = (keyId: string, sha256: string) => `charged#${keyId}#${sha256}`;

/** Prefix of the ids of machines' rows. */
export const MACHINE_ROW_PREFIX = 'machine#';
export const machineRowId = (instanceId: string) => `${MACHINE_ROW_PREFIX}${instanceId}`;

/** Id of the row that makes sizings of a fleet run one at a time. */
export const SIZING_ROW_ID = 'sizing';

/** Id of the row with what the sizer remembers of the fleet, besides its machines. */
export const FLEET_ROW_ID = 'fleet';

/** Id of the row with what the sizer remembers of the machines. */
export const FLEET_MACHINES_ROW_ID = 'fleet-machines';

/** Id of the row with the request to keep machines warm. */
export const WARM_ROW_ID = 'warm';

/** API keys look like `sk-spotscribe-` followed by 43 characters of base64url (256 random bits). */
export const API_KEY_PREFIX = 'sk-spotscribe-';

/** Job ids look like `job_` followed by 32 hexadecimal digits. */
export const JOB_ID_PATTERN = '^job_[0-9a-f]{32}$';

/** Ids of voices look like `voice_` followed by 32 hexadecimal digits. */
export const VOICE_ID_PATTERN = '^voice_[0-9a-f]{32}$';
