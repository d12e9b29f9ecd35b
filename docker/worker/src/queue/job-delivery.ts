import type { JobMessage } from '../../../../core/contract/job';
import { backoffSeconds, isExhausted, lossesBefore, type NamedJob } from './message';
import type { Delivery } from './queue';

/** Delay in seconds of a job whose model service was not ready. */
const UNREADY_SECONDS = 5;
/** Waits without counting a failure: at least 20 minutes in total, longer than loading a model. */
const MOST_LOOKS = 240;

/** Message of a job that this worker has received, and the ways to return it to the queue. */
export class JobDelivery {
  constructor(
    readonly message: Delivery,
    private readonly job: NamedJob,
  ) {}

  get jobId(): string {
    return this.job.jobId;
  }

  /** Number of failures of the job before this receive. */
  get failures(): number {
    return this.job.failures;
  }

  /** Number of losses of the job before this receive. */
  get losses(): number {
    return lossesBefore(this.job.losses, this.message.receives);
  }

  /** Whether the job has reached the limit of failures or losses. */
  get isExhausted(): boolean {
    return isExhausted(this.failures, this.losses);
  }

  /**
   * Whether the job may wait for its model service without a failure. The limit prevents endless
   * waiting.
   */
  get mayWait(): boolean {
    return this.job.unready < MOST_LOOKS;
  }

  /**
   * Returns the job to the queue without a failure. SQS counts every receive, so a new message with
   * the earlier failures and losses replaces this one.
   *
   * @param meanwhile is called with the id of the new message before this one is deleted
   */
  replace(delaySeconds: number, meanwhile?: (id: string) => Promise<void>): Promise<void> {
    return this.sendReplacement({}, delaySeconds, meanwhile);
  }

  /** Returns the job to the queue because its model service was not ready. */
  waitForService(): Promise<void> {
    return this.sendReplacement({ unready: this.job.unready + 1 }, UNREADY_SECONDS);
  }

  /**
   * Returns the job to the queue after a failure, with a growing delay. After the last failure, the
   * new message becomes a dead letter.
   */
  retry(): Promise<void> {
    const failures = this.failures + 1;
    const delay = isExhausted(failures, this.losses) ? 0 : backoffSeconds(failures);
    return this.sendReplacement({ failures }, delay);
  }

  private async sendReplacement(
    { failures = this.failures, unready = this.job.unready }: { failures?: number; unready?: number },
    delaySeconds: number,
    meanwhile?: (id: string) => Promise<void>,
  ) {
    const { losses, jobId: job_id } = this;
    const message: JobMessage = {
      version: 1,
      job_id,
      ...(failures > 0 && { failures }),
      ...(losses > 0 && { losses }),
      ...(unready > 0 && { unready }),
    };
    const id = await this.message.sendReplacement(message, delaySeconds);
    await meanwhile?.(id);
    await this.message.delete();
  }
}
