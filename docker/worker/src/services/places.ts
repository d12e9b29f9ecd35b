/**
 * Limits how many callers are served at once, in the order of the requests.
 *
 * @param count how many that are. After it has grown, call `callNext`
 * @param onUnused called when no caller has a place or waits for one
 */
export class Places {
  private taken = 0;
  private readonly waiting: (() => void)[] = [];

  constructor(
    private readonly count: () => number,
    private readonly onUnused: () => void = () => undefined,
  ) {}

  /** Whether a caller has a place or waits for one. */
  get isUsed(): boolean {
    return this.taken + this.waiting.length > 0;
  }

  /**
   * Waits for a place.
   *
   * @returns a function that gives it back
   * @throws the reason of the signal if it is aborted before
   */
  async take(signal: AbortSignal): Promise<() => void> {
    signal.throwIfAborted();
    const called = this.called(signal);
    this.callNext();
    await called;
    let left = false;
    return () => {
      if (left) return;
      left = true;
      this.taken--;
      this.callNext();
      this.noteUnused();
    };
  }

  callNext(): void {
    while (this.waiting.length > 0 && this.taken < this.count()) {
      this.taken++;
      this.waiting.shift()?.();
    }
  }

  private noteUnused(): void {
    if (!this.isUsed) this.onUnused();
  }

  private called(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const go = () => {
        signal.removeEventListener('abort', give);
        resolve();
      };
      const give = () => {
        this.waiting.splice(this.waiting.indexOf(go), 1);
        this.noteUnused();
        reject(signal.reason as Error);
      };
      this.waiting.push(go);
      signal.addEventListener('abort', give, { once: true });
    });
  }
}
