import type { JobMessage } from '../../../../core/contract/job';
import { backoffSeconds, failuresBefore, isExhausted, type NamedJob } from './message';
import type { Delivery } from './queue';

/** Seconds until a job is looked at again whose model service was not ready. */
const UNREADY_SECONDS = 5;
/** Looks after which another one counts as a failure: twenty minutes at least, longer than a model may take to load. */
const MOST_LOOKS = 240;

/** A job's message in this worker's hands, and how the worker lets go of it. */
export class JobDelivery {
  constructor(
    readonly message: Delivery,
    private readonly job: NamedJob,
  ) {}

  get jobId(): string {
    return this.job.jobId;
  }

  /** How often the job has failed before this receive. */
  get failures(): number {
    return failuresBefore(this.job.failures, this.message.receives);
  }

  /** Whether the job has failed so often that it is not tried again. */
  get isExhausted(): boolean {
    return isExhausted(this.failures);
  }

  /** Whether the job may still wait for its model service without that being a failure: otherwise it could wait for ever. */
  get mayWait(): boolean {
    return this.job.unready < MOST_LOOKS;
  }

  /**
   * Gives the job back though it has not failed. SQS counts every receive, so a new message takes this one's place, and
   * carries the failures that there were.
   *
   * @param meanwhile is called with the id of the new message before this one is deleted
   */
  replace(delaySeconds: number, meanwhile?: (id: string) => Promise<void>): Promise<void> {
    return this.sendAnew(this.job.unready, delaySeconds, meanwhile);
  }

  /** Gives the job back because its model service was not ready for it. */
  waitForService(): Promise<void> {
    return this.sendAnew(this.job.unready + 1, UNREADY_SECONDS);
  }

  /** Gives the job back after it has failed once more: later each time. After the last time the message is a dead letter. */
  retry(): Promise<void> {
    const failures = this.failures + 1;
    return this.message.hide(isExhausted(failures) ? 0 : backoffSeconds(failures));
  }

  private async sendAnew(unready: number, delaySeconds: number, meanwhile?: (id: string) => Promise<void>) {
    const { failures, jobId: job_id } = this;
    const message: JobMessage = {
      version: 1,
      job_id,
      ...(failures > 0 && { failures }),
      ...(unready > 0 && { unready }),
    };
    const id = await this.message.sendAnew(message, delaySeconds);
    await meanwhile?.(id);
    await this.message.delete();
  }
}
