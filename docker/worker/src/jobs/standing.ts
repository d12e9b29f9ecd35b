import type { JobRow } from '../../../../core/contract/job';
import { type Stages, stagesAtStart } from './stages';

/** How a job stands: what its row shows while it runs. */
export class Standing {
  private readonly parts: { words: number; meaning?: number };
  private current: Stages;

  /**
   * @param analysis whether one is wanted
   * @param floor progress that was shown before, where an earlier attempt's work counts
   */
  constructor(
    options: JobRow['options'],
    analysis: boolean,
    private readonly floor = 0,
  ) {
    this.parts = { words: 0, ...(analysis && { meaning: 0 }) };
    this.current = stagesAtStart(options, analysis);
  }

  /** 0 to 1. How long the two take in relation to each other, nobody knows beforehand: each is half. */
  get progress(): number {
    const parts = Object.values(this.parts);
    return Math.max(this.floor, parts.reduce((sum, part) => sum + part, 0) / parts.length);
  }

  get stages(): Stages {
    return this.current;
  }

  words(progress: number | undefined, stages: Stages): void {
    this.parts.words = progress ?? this.parts.words;
    this.current = { ...this.current, ...stages };
  }

  meaning(progress: number): void {
    this.parts.meaning = progress;
  }
}
