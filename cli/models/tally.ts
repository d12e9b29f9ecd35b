import { bytes } from '../format';
import type { Terminal } from '../terminal';

const EVERY_MS = 200;

/**
 * Shows the progress of a model: one redrawn line on a terminal, otherwise a line for each step.
 */
export class Tally {
  private last = 0;
  private doing = '';

  constructor(
    private readonly terminal: Terminal,
    private readonly name: string,
  ) {}

  show(what: string, count: number): void {
    if (!this.terminal.live) {
      if (what !== this.doing) this.terminal.say(`${this.name}: ${what}`);
      this.doing = what;
      return;
    }
    const now = Date.now();
    if (what === this.doing && now - this.last < EVERY_MS) return;
    [this.last, this.doing] = [now, what];
    this.terminal.around.err.write(`\r\u001b[K${this.name}: ${what} ${bytes(count)}`);
  }

  /** Writes the final line. */
  end(state: string): void {
    if (this.terminal.live) this.terminal.around.err.write('\r\u001b[K');
    this.terminal.say(`${this.name}: ${state}`);
  }
}
