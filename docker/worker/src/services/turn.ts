/** Lets one in at a time, in the order of asking. */
export class Turn {
  private taken = false;
  private readonly waiting: (() => void)[] = [];

  /**
   * Waits for a turn.
   *
   * @returns what ends the turn
   * @throws the signal's reason if it is aborted before the turn has come
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
