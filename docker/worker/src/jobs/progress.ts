import { isDeepStrictEqual } from 'node:util';
import { StaleAttempt } from '../../../../core/contract/errors';
import type { JobStore } from '../../../../core/jobs/job-store';
import type { Log } from '../log';
import type { Stages } from '../../../../core/tasks/task';

/**
 * Shortest time between writes to a row, in milliseconds. Callers poll every one to two seconds.
 */
const PERIOD_MS = 2_000;

/** Progress of a job, as shown in its row. */
interface Shown {
  /** 0 to 1. */
  progress: number;
  stages: Stages;
}

/** Writes the progress of a job to its row, without blocking the work. */
export class ProgressReporter {
  private writing: Promise<void> | undefined;
  private writtenAt = 0;
  private written: Stages | undefined;

  constructor(
    private readonly claim: { id: string; attempt: number },
    private readonly store: Pick<JobStore, 'recordProgress'>,
    private readonly log: Log,
    private readonly onStale: (error: StaleAttempt) => void,
  ) {}

  /**
   * Writes progress at most once per period. Stage changes are always written: no other write may
   * follow for minutes.
   */
  report({ progress, stages }: Shown): void {
    const changed = !isDeepStrictEqual(stages, this.written);
    const due = this.writing === undefined && Date.now() - this.writtenAt >= PERIOD_MS;
    if (!changed && !due) return;
    this.writtenAt = Date.now();
    this.written = stages;
    const writing = (this.writing ?? Promise.resolve())
      .then(() => this.write({ progress, stages }))
      .finally(() => {
        if (this.writing === writing) this.writing = undefined;
      });
    this.writing = writing;
  }

  /** Waits for running writes. After the commit, the row would refuse them. */
  async settle(): Promise<void> {
    await this.writing;
  }

  private async write(shown: Shown): Promise<void> {
    const { id, attempt } = this.claim;
    try {
      await this.store.recordProgress(id, attempt, shown, new Date());
    } catch (error) {
      if (error instanceof StaleAttempt) this.onStale(error);
      else this.log.warn({ job: id, attempt, err: error }, 'progress not recorded');
    }
  }
}
