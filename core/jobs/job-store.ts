import type { JobRow } from '../contract/job';
import type { JobError } from '../contract/values';
import { ending, notHeld, QUEUED_SWEEP_SECONDS, secondsOf } from './job-changes';
import { JobClaims } from './job-claims';

/** The version of an object that is a job's audio, as far as it is known: without versioning S3 names none. */
export interface InputVersion {
  version?: string;
  /** In its quotes. */
  etag?: string;
}

/** How long a queued job may lack its message: the handler that queues it takes seconds. */
const UNSENT_SWEEP_SECONDS = 60;

/**
 * The rows of jobs. Every change is conditional on the state that it starts from, so that of two that happen at
 * once one is refused; changes by a worker carry its attempt, the fencing token.
 */
export class JobStore extends JobClaims {
  /**
   * Remembers the id of a job's upload in parts, unless it has one already: the row that is returned says which counts.
   * Returns undefined if the job does not await its audio.
   */
  beginUpload(id: string, uploadId: string, now: Date): Promise<JobRow | undefined> {
    return this.update(id, [['status', '=', 'awaiting_upload']], {
      set: { updated_at: now.toISOString() },
      setOnce: { upload_id: uploadId },
    });
  }

  /**
   * Marks a job's audio as arrived, and has the job keep to this version of it. Returns undefined if the job was not waiting
   * for it.
   */
  queue(id: string, input: InputVersion, now: Date): Promise<JobRow | undefined> {
    return this.update(id, [['status', '=', 'awaiting_upload']], {
      set: {
        ...inputOf(input),
        status: 'queued',
        queued_at: now.toISOString(),
        sweep_at: secondsOf(now) + UNSENT_SWEEP_SECONDS,
        updated_at: now.toISOString(),
      },
    });
  }

  /**
   * Remembers that the message of a job is in the queue, if no worker has claimed the job since. A job whose worker is
   * lost counts too, or the sweeper would send it another message each minute.
   */
  async confirmSent(id: string, now: Date): Promise<void> {
    await this.update(id, [['status', 'in', ['queued', 'running']], notHeld(now)], {
      set: { sweep_at: secondsOf(now) + QUEUED_SWEEP_SECONDS },
    });
  }

  /** Ends a job whose audio cannot be worked on. Returns undefined if the job was not waiting for its audio. */
  refuse(id: string, input: InputVersion, error: JobError, now: Date): Promise<JobRow | undefined> {
    return this.update(
      id,
      [['status', '=', 'awaiting_upload']],
      ending('failed', now, { ...inputOf(input), error }),
    );
  }

  /** Ends a job that nobody works on. Returns undefined if it has ended, or a worker's claim holds. */
  fail(id: string, error: JobError, now: Date): Promise<JobRow | undefined> {
    return this.update(
      id,
      [['status', 'in', ['awaiting_upload', 'queued', 'running']], notHeld(now)],
      ending('failed', now, { error }),
    );
  }

  /** Ends an open job at its owner's wish. Returns undefined if it is not open, or not this tenant's. */
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

  /** Ends a job whose upload never came. Returns undefined if it has come after all. */
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
