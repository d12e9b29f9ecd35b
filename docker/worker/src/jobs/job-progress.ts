import type { JobRow } from '../../../../core/contract/job';
import { type Stages, stagesAtStart } from './stages';

/** Progress and stages of a running job, as shown in its row. */
export class JobProgress {
  private readonly parts: { transcript: number; analysis?: number };
  private current: Stages;

  /**
   * @param analysis whether the job has an analysis
   * @param least progress of an earlier attempt whose work is reused
   */
  constructor(
    options: JobRow['options'],
    analysis: boolean,
    private readonly least = 0,
  ) {
    this.parts = { transcript: 0, ...(analysis && { analysis: 0 }) };
    this.current = stagesAtStart(options, analysis);
  }

  /** 0 to 1. Transcript and analysis count half each, because their durations are not known. */
  get progress(): number {
    const parts = Object.values(this.parts);
    return Math.max(this.least, parts.reduce((sum, part) => sum + part, 0) / parts.length);
  }

  get stages(): Stages {
    return this.current;
  }

  /** @param progress of the transcription. @default - unchanged */
  transcribed(progress: number | undefined, stages: Stages): void {
    this.parts.transcript = progress ?? this.parts.transcript;
    this.current = { ...this.current, ...stages };
  }

  analyzed(progress: number): void {
    this.parts.analysis = progress;
  }
}
