import { styleText } from 'node:util';

type Stream = Pick<NodeJS.WriteStream, 'write'> & { isTTY?: boolean; columns?: number; rows?: number };
type Style = 'green' | 'red' | 'yellow' | 'dim' | 'bold';

/** Where a command's data (`out`), and its progress and messages (`err`) go, and what is around it. */
export interface Surroundings {
  out: Stream;
  err: Stream;
  env: NodeJS.ProcessEnv;
}

/** The two streams of a command: data to stdout; progress and messages to stderr. */
export class Terminal {
  constructor(readonly around: Surroundings) {}

  /** Data, as it is. */
  data(text: string | Uint8Array): void {
    this.around.out.write(text);
  }

  /** One JSON document, in one line. */
  json(value: unknown): void {
    this.data(`${JSON.stringify(value)}\n`);
  }

  /** A message for the user, in a line of its own. */
  say(line: string): void {
    this.around.err.write(`${line}\n`);
  }

  /** Text in a style, where messages go to a terminal that shows it. */
  style(style: Style, text: string): string {
    return this.colours ? styleText(style, text, { validateStream: false }) : text;
  }

  /** Whether messages go to a terminal on which lines can be drawn anew. */
  get live(): boolean {
    return this.around.err.isTTY === true && this.around.env.TERM !== 'dumb';
  }

  private get colours(): boolean {
    return this.live && (this.around.env.NO_COLOR ?? '') === '';
  }
}
