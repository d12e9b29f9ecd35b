/**
 * Limits how many callers are served at once, in the order of the requests.
 *
 * @param count how many that are; it may change
 */
export class Places {
  private taken = 0;
  private readonly waiting: (() => void)[] = [];

  constructor(private readonly count: () => number) {}

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
    };
  }

  private callNext(): void {
    while (this.waiting.length > 0 && this.taken < this.count()) {
      this.taken++;
      this.waiting.shift()?.();
    }
  }

  private called(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const go = () => {
        signal.removeEventListener('abort', give);
        resolve();
      };
      const give = () => {
        this.waiting.splice(this.waiting.indexOf(go), 1);
        reject(signal.reason as Error);
      };
      this.waiting.push(go);
      signal.addEventListener('abort', give, { once: true });
    });
  }
}
