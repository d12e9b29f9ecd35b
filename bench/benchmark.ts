import type { Figure } from './figure';

/** Context of a benchmark. */
export interface BenchContext {
  /** An empty folder that is deleted afterwards. */
  folder: string;
  /** Aborted to end the benchmarks early. */
  signal: AbortSignal;
  /** Reports progress. */
  say: (text: string) => void;
}

export interface Benchmark {
  /**
   * Name on the command line. The part before the first dash selects all benchmarks that share it.
   */
  name: string;
  /** Missing requirement and how to install it; undefined if none. @default - no requirements */
  lacks?: () => string | undefined;
  /** @throws the signal's reason if aborted, after all started processes have ended */
  run: (context: BenchContext) => Promise<Figure[]>;
}

/** Benchmarks with this name, or whose names start with it and a dash. */
export const named = (benchmarks: readonly Benchmark[], wanted: string): Benchmark[] =>
  benchmarks.filter(({ name }) => name === wanted || name.startsWith(`${wanted}-`));
