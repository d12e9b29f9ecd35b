import type { JobMessage } from '../../../../core/contract/job';
import { backoffSeconds, failuresBefore, isExhausted, type NamedJob } from './message';
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
    return failuresBefore(this.job.failures, this.message.receives);
  }

  /** Whether the job has reached the limit of failures. */
  get isExhausted(): boolean {
    return isExhausted(this.failures);
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
   * the earlier failures replaces this one.
   *
   * @param meanwhile is called with the id of the new message before this one is deleted
   */
  replace(delaySeconds: number, meanwhile?: (id: string) => Promise<void>): Promise<void> {
    return this.sendReplacement(this.job.unready, delaySeconds, meanwhile);
  }

  /** Returns the job to the queue because its model service was not ready. */
  waitForService(): Promise<void> {
    return this.sendReplacement(this.job.unready + 1, UNREADY_SECONDS);
  }

  /**
   * Returns the job to the queue after a failure, with a growing delay. The last failure makes the
   * message a dead letter.
   */
  retry(): Promise<void> {
    const failures = this.failures + 1;
    return this.message.hide(isExhausted(failures) ? 0 : backoffSeconds(failures));
  }

  private async sendReplacement(
    unready: number,
    delaySeconds: number,
    meanwhile?: (id: string) => Promise<void>,
  ) {
    const { failures, jobId: job_id } = this;
    const message: JobMessage = {
      version: 1,
      job_id,
      ...(failures > 0 && { failures }),
      ...(unready > 0 && { unready }),
    };
    const id = await this.message.sendReplacement(message, delaySeconds);
    await meanwhile?.(id);
    await this.message.delete();
  }
}
