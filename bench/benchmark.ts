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
  /** As it is named on the command line. */
  name: string;
  /** @throws the signal's reason if it is aborted, everything that was started having ended */
  run: (context: BenchContext) => Promise<Figure[]>;
}
