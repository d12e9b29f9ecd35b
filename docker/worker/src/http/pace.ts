/** The window moves in steps: an upload may come in thousands of pieces a second. */
const STEP_MS = 1000;

/** Counts the bytes of the last while. An average since the start would let a fast start pay for a slow rest. */
export class Pace {
  /** Number of a step, and the bytes that came in it. */
  private readonly steps: [number, number][] = [];

  constructor(readonly windowMs: number) {}

  /** Counts bytes that came `now`, in milliseconds. */
  add(now: number, bytes: number): void {
    const step = Math.floor(now / STEP_MS);
    const last = this.steps.at(-1);
    if (last?.[0] === step) last[1] += bytes;
    else this.steps.push([step, bytes]);
    this.forget(now);
  }

  /** Bytes of the window, and of the rest of the step in which it began. */
  recent(now: number): number {
    this.forget(now);
    return this.steps.reduce((sum, [, bytes]) => sum + bytes, 0);
  }

  private forget(now: number): void {
    const began = Math.floor((now - this.windowMs) / STEP_MS);
    while ((this.steps[0]?.[0] ?? began) < began) this.steps.shift();
  }
}
