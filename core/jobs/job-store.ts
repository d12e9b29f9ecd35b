import type { JobRow } from '../contract/job';
import { UNITS } from '../contract/names';
import type { JobError, Measures } from '../contract/values';
import { dayOf, usedUp, usedUpMessage } from '../usage/quota';
import { UsedUp } from './counted-rows';
import { ending, notHeld, QUEUED_SWEEP_SECONDS, secondsOf, UNSENT_SWEEP_SECONDS } from './job-changes';
import { JobClaims } from './job-claims';
import { retryOf } from './missing-tasks';
import type { Change, Condition } from './row-update';

/**
 * The object version that is a job's input. Both fields may be absent: without versioning, S3
 * reports no version.
 */
export interface InputVersion {
  version?: string;
  /** With its quotes. */
  etag?: string;
}

/** An input that has arrived. */
export interface Arrival extends InputVersion {
  /** Bytes. */
  size: number;
  /** Its work, by unit. @default - not measured */
  estimate?: Measures;
  /** The quota to reserve for it, by unit. */
  reservation: Measures;
}

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
   * Has the sweeper look soon for the input of a job, in case its event is lost. Returns undefined if
   * the job does not await its input.
   */
  expectInput(id: string, now: Date): Promise<JobRow | undefined> {
    return this.update(id, [['status', '=', 'awaiting_upload']], {
      set: { sweep_at: secondsOf(now) + UNSENT_SWEEP_SECONDS, updated_at: now.toISOString() },
    });
  }

  /**
   * Marks a job's input as arrived, and binds the job to this version. In the same transaction, it
   * reserves quota of the job's key. If the key's day is used up, the job fails. Returns undefined if
   * the job was not awaiting its input.
   */
  async queue(row: JobRow, input: Arrival, now: Date): Promise<JobRow | undefined> {
    const { id, key_id, units_per_day: limits = {} } = row;
    const set: Partial<JobRow> = {
      ...inputOf(input),
      status: 'queued',
      input_bytes: input.size,
      estimate: input.estimate,
      queued_at: now.toISOString(),
      sweep_at: secondsOf(now) + UNSENT_SWEEP_SECONDS,
      waits_from: now.getTime(),
      updated_at: now.toISOString(),
    };
    const awaiting: Condition[] = [['status', '=', 'awaiting_upload']];
    const measures = input.reservation;
    try {
      return await this.reserve(row, awaiting, { set }, measures, now);
    } catch (error) {
      if (!(error instanceof UsedUp) || key_id === undefined) throw error;
      const units = UNITS.filter((unit) => measures[unit] !== undefined && limits[unit] !== undefined);
      const quota = { limits, used: await this.usage.used(key_id, now) };
      const message = usedUpMessage(quota, usedUp(quota, units) ?? units[0]!, now);
      return this.refuse(id, input, { code: 'quota_exceeded', message }, now);
    }
  }

  /**
   * Queues a job with results again, for its missing tasks, and reserves quota of the key that asks
   * for them. Returns undefined if the job has changed since it was read.
   *
   * @throws UsedUp if the key's day is used up
   */
  retry(
    row: JobRow,
    { key_id, units_per_day }: Pick<JobRow, 'key_id' | 'units_per_day'>,
    measures: Measures,
    now: Date,
  ): Promise<JobRow | undefined> {
    const { set, remove = [] } = retryOf(row, now);
    const change: Change = {
      set: { ...set, key_id, units_per_day },
      remove: units_per_day === undefined ? [...remove, 'units_per_day'] : remove,
    };
    const unchanged: Condition[] = [
      ['status', '=', 'succeeded'],
      ['updated_at', '=', row.updated_at],
    ];
    const counted = { ...row, key_id, units_per_day, counted: undefined };
    return this.reserve(counted, unchanged, change, measures, now);
  }

  /**
   * Updates a row and reserves quota of its key, in one transaction. Returns undefined if a condition
   * of the row does not hold.
   *
   * @throws UsedUp if the key's day is used up
   */
  private reserve(
    row: JobRow,
    conditions: Condition[],
    change: Change,
    measures: Measures,
    now: Date,
  ): Promise<JobRow | undefined> {
    const { key_id, units_per_day: limits = {} } = row;
    const isLimited = UNITS.some((unit) => measures[unit] !== undefined && limits[unit] !== undefined);
    if (key_id === undefined || row.counted === true || !isLimited)
      return this.update(row.id, conditions, change);
    const set = { ...change.set, reserved: { day: dayOf(now), measures } };
    const reservation = this.usage.reservation(key_id, measures, limits, now);
    return this.updateCounted(row, conditions, { ...change, set }, reservation);
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
   * Fails a job that no worker holds. A retried job keeps its results, with the error as the reason of
   * what is missing. Returns undefined if it has ended, or a worker's claim is
   * valid.
   */
  fail(id: string, error: JobError, now: Date): Promise<JobRow | undefined> {
    return this.endUncounted(id, [['status', 'in', ['awaiting_upload', 'queued', 'running']], notHeld(now)], {
      change: ending('failed', now, { error }),
      reason: error.message,
      now,
    });
  }

  /**
   * Cancels an open job. A retried job ends as `succeeded`, with the results that it has. Returns
   * undefined if it is not open, or another tenant's.
   */
  cancel(id: string, tenant: string, now: Date): Promise<JobRow | undefined> {
    return this.endUncounted(
      id,
      [
        ['tenant', '=', tenant],
        ['status', 'in', ['awaiting_upload', 'queued', 'running']],
      ],
      { change: ending('cancelled', now, {}), reason: 'The retry was cancelled', now },
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
