import { isDeepStrictEqual } from 'node:util';
import { StaleAttempt } from '../../../../core/contract/errors';
import type { JobStore } from '../../../../core/jobs/job-store';
import type { Log } from '../log';
import type { Stages } from '../../../../core/tasks/task';

/**
 * Shortest time between writes to a row, in milliseconds. Callers poll every one to two seconds.
 */
const PERIOD_MS = 2_000;
/** Milliseconds after which it tries again if a write takes longer than the period. */
const BUSY_MS = 100;

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
  /** Writes the last progress when the period is over. */
  private later: NodeJS.Timeout | undefined;

  constructor(
    private readonly claim: { id: string; attempt: number },
    private readonly store: Pick<JobStore, 'recordProgress'>,
    private readonly log: Log,
    private readonly onStale: (error: StaleAttempt) => void,
  ) {}

  /**
   * Writes progress at most once per period, the last one at its end: no other may follow for minutes.
   * Stage changes are written at once.
   */
  report({ progress, stages }: Shown): void {
    clearTimeout(this.later);
    const changed = !isDeepStrictEqual(stages, this.written);
    const wait = this.writtenAt + PERIOD_MS - Date.now();
    if (!changed && (wait > 0 || this.writing !== undefined)) {
      this.later = setTimeout(() => this.report({ progress, stages }), Math.max(wait, BUSY_MS));
      return;
    }
    this.writtenAt = Date.now();
    this.written = stages;
    const writing = (this.writing ?? Promise.resolve())
      .then(() => this.write({ progress, stages }))
      .finally(() => {
        if (this.writing === writing) this.writing = undefined;
      });
    this.writing = writing;
  }

  /** Waits for running writes, and forgets later ones. After the commit, the row would refuse them. */
  async settle(): Promise<void> {
    clearTimeout(this.later);
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
