import { StaleAttempt } from '../../../lambda/errors';
import type { JobStore } from '../../../lambda/job-store';
import type { Log } from './log';

/** Rows are written at most this often, in milliseconds: a caller looks once a second or two. */
const PERIOD_MS = 2_000;

/** Shows a job's progress in its row, without holding the work up. */
export class ProgressReporter {
  private writing: Promise<void> | undefined;
  private writtenAt = 0;

  constructor(
    private readonly claim: { id: string; attempt: number },
    private readonly store: Pick<JobStore, 'recordProgress'>,
    private readonly log: Log,
    private readonly onStale: (error: StaleAttempt) => void,
  ) {}

  /** @param progress 0 to 1 */
  report(progress: number): void {
    if (this.writing !== undefined || Date.now() - this.writtenAt < PERIOD_MS) return;
    this.writtenAt = Date.now();
    this.writing = this.write(progress).finally(() => {
      this.writing = undefined;
    });
  }

  /** Waits for a write that is under way: it must not come after the commit, which would refuse it. */
  async settle(): Promise<void> {
    await this.writing;
  }

  private async write(progress: number): Promise<void> {
    const { id, attempt } = this.claim;
    try {
      await this.store.recordProgress(
        id,
        attempt,
        { progress, stages: { transcript: 'running' } },
        new Date(),
      );
    } catch (error) {
      if (error instanceof StaleAttempt) this.onStale(error);
      else this.log.warn({ job: id, attempt, err: error }, 'progress not recorded');
    }
  }
}
