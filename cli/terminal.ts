import type { Readable } from 'node:stream';
import { styleText } from 'node:util';

type Stream = Pick<NodeJS.WriteStream, 'write'> & { isTTY?: boolean; columns?: number; rows?: number };
type Style = 'green' | 'red' | 'yellow' | 'dim' | 'bold';

/** Streams and environment of a command: `out` for data, `err` for progress and messages. */
export interface Surroundings {
  out: Stream;
  err: Stream;
  env: NodeJS.ProcessEnv;
  /** Opens standard input. @default - it is empty */
  stdin?: () => Readable;
}

/** Writes data to stdout, and progress and messages to stderr. */
export class Terminal {
  constructor(readonly around: Surroundings) {}

  /** Writes data unchanged. */
  data(text: string | Uint8Array): void {
    this.around.out.write(text);
  }

  /** Writes one JSON document as one line. */
  json(value: unknown): void {
    this.data(`${JSON.stringify(value)}\n`);
  }

  /** Writes a message for the user as one line. */
  say(line: string): void {
    this.around.err.write(`${line}\n`);
  }

  /** Applies a style to a text if messages go to a terminal that supports it. */
  style(style: Style, text: string): string {
    return this.colours ? styleText(style, text, { validateStream: false }) : text;
  }

  /** Whether messages go to a terminal on which lines can be redrawn. */
  get live(): boolean {
    return this.around.err.isTTY === true && this.around.env.TERM !== 'dumb';
  }

  private get colours(): boolean {
    return this.live && (this.around.env.NO_COLOR ?? '') === '';
  }
}
