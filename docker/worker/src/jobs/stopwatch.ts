/** Measures the parts of a job's time in this worker, in milliseconds. */
export class Stopwatch {
  private readonly laps: Record<string, number> = {};
  private last: number;

  /** @param from epoch milliseconds */
  constructor(private readonly from: number) {
    this.last = from;
  }

  /** Adds the time since the last lap to `part`. */
  lap(part: string): void {
    const now = Date.now();
    this.laps[part] = (this.laps[part] ?? 0) + now - this.last;
    this.last = now;
  }

  get parts(): Readonly<Record<string, number>> {
    return this.laps;
  }

  get total(): number {
    return this.last - this.from;
  }
}
