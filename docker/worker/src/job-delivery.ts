import type { JobMessage } from '../../../lambda/contract';
import { backoffSeconds, failuresBefore, isExhausted } from './message';
import type { Delivery } from './queue';

/** Seconds until a job is looked at again whose model service was not ready. */
const UNREADY_SECONDS = 5;

/** A job's message in this worker's hands, and how the worker lets go of it. */
export class JobDelivery {
  constructor(
    readonly message: Delivery,
    readonly jobId: string,
    private readonly failuresCarried: number,
  ) {}

  /** How often the job has failed before this receive. */
  get failures(): number {
    return failuresBefore(this.failuresCarried, this.message.receives);
  }

  /** Whether the job has failed so often that it is not tried again. */
  get isExhausted(): boolean {
    return isExhausted(this.failures);
  }

  /**
   * Gives the job back though it has not failed. SQS counts every receive, so a new message takes this one's place, and
   * carries the failures that there were.
   *
   * @param meanwhile is called with the id of the new message before this one is deleted
   */
  async replace(delaySeconds: number, meanwhile?: (id: string) => Promise<void>): Promise<void> {
    const { failures } = this;
    const message: JobMessage = { version: 1, job_id: this.jobId, ...(failures > 0 && { failures }) };
    const id = await this.message.sendAnew(message, delaySeconds);
    await meanwhile?.(id);
    await this.message.delete();
  }

  /** Gives the job back because its model service was not ready for it. */
  waitForService(): Promise<void> {
    return this.replace(UNREADY_SECONDS);
  }

  /** Gives the job back after it has failed once more: later each time. After the last time the message is a dead letter. */
  retry(): Promise<void> {
    const failures = this.failures + 1;
    return this.message.hide(isExhausted(failures) ? 0 : backoffSeconds(failures));
  }
}
