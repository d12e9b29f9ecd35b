import type { Figure } from './figure';

/** What a benchmark works with. */
export interface BenchContext {
  /** An empty folder, removed afterwards. */
  folder: string;
  /** Aborted when the benchmarks are to end early. */
  signal: AbortSignal;
  /** Tells how it gets on. */
  say: (text: string) => void;
}

export interface Benchmark {
  /** As it is named on the command line; also the part before the first dash, which then stands for several. */
  name: string;
  /** What this machine lacks for it, and how to get it; undefined if nothing. @default - it needs nothing more */
  lacks?: () => string | undefined;
  /** @throws the signal's reason if it is aborted, everything that was started having ended */
  run: (context: BenchContext) => Promise<Figure[]>;
}

/** The benchmarks that a name stands for: the one of that name, or all whose names begin with it and a dash. */
export const named = (benchmarks: readonly Benchmark[], wanted: string): Benchmark[] =>
  benchmarks.filter(({ name }) => name === wanted || name.startsWith(`${wanted}-`));
