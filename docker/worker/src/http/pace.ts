/** The window moves in steps, because an upload may have thousands of chunks per second. */
const STEP_MS = 1000;

/**
 * Counts recent bytes. An average since the start would hide that a fast upload has become slow.
 */
export class Pace {
  /** Pairs of step number and bytes received in the step. */
  private readonly steps: [number, number][] = [];

  constructor(readonly windowMs: number) {}

  /** Counts bytes received at `now`, in milliseconds. */
  add(now: number, bytes: number): void {
    const step = Math.floor(now / STEP_MS);
    const last = this.steps.at(-1);
    if (last?.[0] === step) last[1] += bytes;
    else this.steps.push([step, bytes]);
    this.forget(now);
  }

  /** Bytes of the window, rounded up to whole steps. */
  recent(now: number): number {
    this.forget(now);
    return this.steps.reduce((sum, [, bytes]) => sum + bytes, 0);
  }

  private forget(now: number): void {
    const began = Math.floor((now - this.windowMs) / STEP_MS);
    while ((this.steps[0]?.[0] ?? began) < began) this.steps.shift();
  }
}
