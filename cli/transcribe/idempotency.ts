import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import type { SubmittedOptions } from '../../core/contract/work/options';
import type { JobView } from '../../core/contract/job';
import { PERMANENT_CODES, type Priority } from '../../core/contract/names';
import type { SubmitJobRequest, SubmitJobResponse } from '../../core/contract/api';
import type { ApiClient } from '../api/client';
import { ApiError, CliError } from '../errors';
import { MULTIPART_ABOVE_BYTES } from './upload-parts';

/** Tasks with their options, and the media type of the input. */
export type NamedTasks = Pick<SubmitJobRequest, 'tasks' | 'media_type'>;

/** Properties that identify a submission. */
export interface Audio {
  /** SHA-256 of the content in hex. */
  hash: string;
  name: string;
  /** Size in bytes. */
  size: number;
  options: SubmittedOptions;
  named?: NamedTasks;
  /** Does not distinguish submissions. @default 'normal' */
  priority?: Priority;
  /**
   * Distinguishes a submission from others of the same audio. Empty if an earlier job may be used.
   */
  salt: string;
}

/**
 * Most jobs of one file without a result within the day for which the API stores idempotency keys.
 */
const MOST_GENERATIONS = 50;

/**
 * Computes the SHA-256 of a file's content, in hex.
 *
 * @throws CliError `file_unreadable`
 */
export async function contentHash(path: string, signal?: AbortSignal): Promise<string> {
  const hash = createHash('sha256');
  try {
    const content = createReadStream(path, { highWaterMark: 1024 * 1024, signal });
    for await (const chunk of content) hash.update(chunk as Buffer);
  } catch (error) {
    if (signal?.aborted === true) throw signal.reason;
    throw new CliError('file_unreadable', `Cannot read ${path}: ${(error as Error).message}`, undefined, {
      cause: error,
    });
  }
  return hash.digest('hex');
}

/**
 * Computes the `Idempotency-Key` of a file. It is the same for the same content, name and options,
 * so that a repeated run finds the earlier job and nothing is paid twice.
 *
 * @param generation number of earlier jobs of the same file that ended without a result
 */
export function idempotencyKeyOf({ hash, name, options, named, salt }: Audio, generation: number): string {
  const identity = [hash, name, Object.entries(options).sort(), salt, generation];
  const canonical = JSON.stringify(named === undefined ? identity : [...identity, named]);
  return `cli-${createHash('sha256').update(canonical).digest('hex')}`;
}

/** Finds the job of an earlier run that can still give a result, or creates a new one. */
export async function findOrMakeJob(client: ApiClient, audio: Audio): Promise<SubmitJobResponse> {
  const { name, size, options, named, priority } = audio;
  const request = {
    name,
    size,
    ...(named ?? { options }),
    ...(priority === 'bulk' && { priority }),
    ...(size > MULTIPART_ABOVE_BYTES && { multipart: true }),
  };
  for (let generation = 0; generation < MOST_GENERATIONS; generation++) {
    try {
      const job = await client.submit(request, idempotencyKeyOf(audio, generation));
      if (!endedWithoutResult(job)) return job;
    } catch (error) {
      // The job of this key was erased.
      if (!(error instanceof ApiError && error.code === 'idempotency_conflict')) throw error;
    }
  }
  throw new CliError(
    'attempts_exhausted',
    `${MOST_GENERATIONS} jobs of this file ended without a result within a day. See "spotscribe jobs"`,
  );
}

/**
 * Whether a job ended without a result for a reason other than its audio. Bad audio would fail
 * again.
 */
function endedWithoutResult({ status, error }: JobView): boolean {
  if (status === 'cancelled' || status === 'expired') return true;
  return status === 'failed' && !(PERMANENT_CODES as readonly string[]).includes(error?.code ?? '');
}
