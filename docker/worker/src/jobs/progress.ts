import { isDeepStrictEqual } from 'node:util';
import { StaleAttempt } from '../../../../core/contract/errors';
import type { JobStore } from '../../../../core/jobs/job-store';
import type { Log } from '../log';
import type { Stages } from './stages';

/** Rows are written at most this often, in milliseconds: a caller looks once a second or two. */
const PERIOD_MS = 2_000;

/** What a job's row shows of the work on it. */
interface Shown {
  /** 0 to 1. */
  progress: number;
  stages: Stages;
}

/** Shows a job's progress in its row, without holding the work up. */
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

  /** Writes now and then, but every change of a stage: it may be the last word for minutes. */
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

  /** Waits for writes that are under way: they must not come after the commit, which would refuse them. */
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
