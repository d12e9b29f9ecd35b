/** A mutex: one caller at a time, in the order of the requests. */
export class Turn {
  private taken = false;
  private readonly waiting: (() => void)[] = [];

  /**
   * Waits for a turn.
   *
   * @returns a function that ends the turn
   * @throws the reason of the signal if it is aborted before the turn
   */
  async take(signal: AbortSignal): Promise<() => void> {
    signal.throwIfAborted();
    if (this.taken) await this.called(signal);
    this.taken = true;
    return () => {
      const next = this.waiting.shift();
      if (next === undefined) this.taken = false;
      else next();
    };
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
