import type { Terminal } from '../terminal';

const LIVE_MS = 100;
const PLAIN_MS = 5000;

/** Shows how far the indexing is: one line that is redrawn on a terminal, and a line every 5 s in a log. */
export class IndexProgress {
  private embedded = 0;
  private files = '';
  private shownAt = performance.now();
  private isDrawn = false;

  constructor(private readonly terminal: Terminal) {}

  readonly onFile = (done: number, files: number): void => {
    this.files = `${done} of ${files} files`;
    this.show();
  };

  readonly onEmbedded = (count: number): void => {
    this.embedded += count;
    this.show();
  };

  /** Removes the redrawn line. */
  close(): void {
    if (this.isDrawn) this.terminal.around.err.write('\u001b[1A\u001b[0J');
    this.isDrawn = false;
  }

  private show(): void {
    const { live } = this.terminal;
    const now = performance.now();
    if (now - this.shownAt < (live ? LIVE_MS : PLAIN_MS)) return;
    this.shownAt = now;
    this.close();
    this.terminal.say(`indexing: ${this.files} · ${this.embedded} passages embedded`);
    this.isDrawn = live;
  }
}
