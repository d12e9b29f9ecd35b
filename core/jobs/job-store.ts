import type { JobRow } from '../contract/job';
import type { JobError } from '../contract/values';
import { ending, notHeld, QUEUED_SWEEP_SECONDS, secondsOf } from './job-changes';
import { JobClaims } from './job-claims';

/**
 * The object version that is a job's input. Both fields may be absent: without versioning, S3
 * reports no version.
 */
export interface InputVersion {
  version?: string;
  /** With its quotes. */
  etag?: string;
}

/**
 * Time after which the sweeper checks a queued job without a message: the handler that queues it
 * takes seconds.
 */
const UNSENT_SWEEP_SECONDS = 60;

/**
 * The rows of jobs. Every change is conditional on the current state, so that of two concurrent
 * changes one is refused. Changes by a worker are also conditional on its attempt, the fencing
 * token.
 */
export class JobStore extends JobClaims {
  /**
   * Records the id of a job's multipart upload, unless it has one: the returned row has the valid
   * id. Returns undefined if the job does not await its input.
   */
  beginUpload(id: string, uploadId: string, now: Date): Promise<JobRow | undefined> {
    return this.update(id, [['status', '=', 'awaiting_upload']], {
      set: { updated_at: now.toISOString() },
      setOnce: { upload_id: uploadId },
    });
  }

  /**
   * Marks a job's input as arrived, and binds the job to this version. Returns undefined if the job
   * was not awaiting its input.
   */
  queue(id: string, input: InputVersion, now: Date): Promise<JobRow | undefined> {
    return this.update(id, [['status', '=', 'awaiting_upload']], {
      set: {
        ...inputOf(input),
        status: 'queued',
        queued_at: now.toISOString(),
        sweep_at: secondsOf(now) + UNSENT_SWEEP_SECONDS,
        waits_from: now.getTime(),
        updated_at: now.toISOString(),
      },
    });
  }

  /**
   * Records that the message of a job is in the queue, if no worker has claimed the job since.
   * Includes jobs whose worker was lost: otherwise the sweeper would send another message every
   * minute.
   */
  async confirmSent(id: string, now: Date): Promise<void> {
    await this.update(id, [['status', 'in', ['queued', 'running']], notHeld(now)], {
      set: { sweep_at: secondsOf(now) + QUEUED_SWEEP_SECONDS },
    });
  }

  /**
   * Fails a job whose input cannot be processed. Returns undefined if the job was not awaiting its
   * input.
   */
  refuse(id: string, input: InputVersion, error: JobError, now: Date): Promise<JobRow | undefined> {
    return this.update(
      id,
      [['status', '=', 'awaiting_upload']],
      ending('failed', now, { ...inputOf(input), error }),
    );
  }

  /**
   * Fails a job that no worker holds. Returns undefined if it has ended, or a worker's claim is
   * valid.
   */
  fail(id: string, error: JobError, now: Date): Promise<JobRow | undefined> {
    return this.update(
      id,
      [['status', 'in', ['awaiting_upload', 'queued', 'running']], notHeld(now)],
      ending('failed', now, { error }),
    );
  }

  /** Cancels an open job. Returns undefined if it is not open, or another tenant's. */
  cancel(id: string, tenant: string, now: Date): Promise<JobRow | undefined> {
    return this.update(
      id,
      [
        ['tenant', '=', tenant],
        ['status', 'in', ['awaiting_upload', 'queued', 'running']],
      ],
      ending('cancelled', now, {}),
    );
  }

  /** Expires a job whose upload did not arrive. Returns undefined if it has arrived after all. */
  expire(id: string, error: JobError, now: Date): Promise<JobRow | undefined> {
    return this.update(
      id,
      [
        ['status', '=', 'awaiting_upload'],
        ['sweep_at', '<', secondsOf(now)],
      ],
      ending('expired', now, { error }),
    );
  }
}

const inputOf = ({ version, etag }: InputVersion): Partial<JobRow> => ({
  input_version: version,
  input_etag: etag,
});
