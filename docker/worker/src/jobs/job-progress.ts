import type { JobRow } from '../../../../core/contract/job';
import { type Stages, stagesAtStart } from './stages';

/** How far a job has got: what its row shows while it runs. */
export class JobProgress {
  private readonly parts: { transcript: number; analysis?: number };
  private current: Stages;

  /**
   * @param analysis whether one is wanted
   * @param least progress that an earlier attempt has shown, whose work counts
   */
  constructor(
    options: JobRow['options'],
    analysis: boolean,
    private readonly least = 0,
  ) {
    this.parts = { transcript: 0, ...(analysis && { analysis: 0 }) };
    this.current = stagesAtStart(options, analysis);
  }

  /** 0 to 1. Nobody knows beforehand which of the two takes longer: each is half. */
  get progress(): number {
    const parts = Object.values(this.parts);
    return Math.max(this.least, parts.reduce((sum, part) => sum + part, 0) / parts.length);
  }

  get stages(): Stages {
    return this.current;
  }

  /** @param progress of the transcription. @default - as before */
  transcribed(progress: number | undefined, stages: Stages): void {
    this.parts.transcript = progress ?? this.parts.transcript;
    this.current = { ...this.current, ...stages };
  }

  analyzed(progress: number): void {
    this.parts.analysis = progress;
  }
}
