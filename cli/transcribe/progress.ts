import { bytes, duration, fit, lossLine, receiptLine, shown, width } from '../format';
import type { Outcome, Totals } from './outcome';
import type { Input } from './inputs';
import type { Terminal } from '../terminal';
import type { Activity } from './trip';

/** Shows the progress of files. */
export interface Progress {
  activity(input: Input, activity: Activity): void;
  /** Writes the line of a finished file. */
  finished(outcome: Outcome, totals: Totals): void;
  /** Removes the display. */
  close(): void;
}

const WORDS: Record<Activity['at'], string> = {
  reading: 'reading',
  uploading: 'uploading',
  arriving: 'arriving',
  queued: 'queued',
  waiting: 'waiting',
  running: 'transcribing',
  understanding: 'understanding',
  saving: 'saving',
};

/** Writes a line for each change, for logs and pipes. */
export class PlainProgress implements Progress {
  private readonly last = new Map<Input, string>();

  constructor(private readonly terminal: Terminal) {}

  activity(input: Input, activity: Activity): void {
    const { at } = activity;
    const size = at === 'uploading' ? ` ${bytes(input.size)}` : '';
    const line = `${WORDS[at]}${size}${delayIn(activity)}`;
    if (this.last.get(input) === line) return;
    this.last.set(input, line);
    this.terminal.say(`${shown(input.path)}: ${line}`);
  }

  finished(outcome: Outcome): void {
    this.last.delete(outcome.input);
    this.terminal.say(outcomeLine(outcome, this.terminal));
  }

  close(): void {}
}

const delayIn = (activity: Activity): string =>
  activity.at === 'queued' && activity.delay !== undefined ? `. ${shown(activity.delay)}` : '';

const FRAME_MS = 100;

/** Redraws lines with bars at the bottom of the screen. */
export class LiveProgress implements Progress {
  private readonly active = new Map<Input, Activity>();
  private totals: Totals;
  private drawn = 0;
  private readonly timer: NodeJS.Timeout;

  constructor(
    private readonly terminal: Terminal,
    totals: Totals,
  ) {
    this.totals = totals;
    this.timer = setInterval(() => this.draw(), FRAME_MS);
  }

  activity(input: Input, activity: Activity): void {
    this.active.set(input, activity);
  }

  finished(outcome: Outcome, totals: Totals): void {
    this.active.delete(outcome.input);
    this.totals = totals;
    this.clear();
    this.terminal.say(outcomeLine(outcome, this.terminal));
  }

  close(): void {
    clearInterval(this.timer);
    this.clear();
  }

  private draw(): void {
    const { columns = 80, rows = 24 } = this.terminal.around.err;
    const lines = frame([...this.active], this.totals, { columns, rows });
    this.clear();
    this.terminal.around.err.write(lines.map((line) => `${line}\n`).join(''));
    this.drawn = lines.length;
  }

  private clear(): void {
    if (this.drawn > 0) this.terminal.around.err.write(`\u001b[${this.drawn}A\u001b[0J`);
    this.drawn = 0;
  }
}

const MOST_LINES = 12;
const BAR = 20;
const STATE = 14;

/** Returns the lines of the live display: as many active files as fit, and a line of totals. */
export function frame(
  active: [Input, Activity][],
  totals: Totals,
  screen: { columns: number; rows: number },
): string[] {
  const room = Math.max(1, Math.min(MOST_LINES, screen.rows - 3));
  // Files in progress come before waiting files.
  const rank = ([, { at }]: [Input, Activity]) =>
    ['running', 'understanding', 'uploading', 'saving', 'reading', 'waiting'].indexOf(at) >>> 0;
  const shownFiles = [...active].sort((a, b) => rank(a) - rank(b)).slice(0, room);
  const columns = Math.max(20, screen.columns - 1);
  const longest = Math.max(...shownFiles.map(([{ path }]) => width(shown(path))), 0);
  const nameColumns = Math.max(8, Math.min(longest, columns - STATE - BAR - 9));
  const lines = shownFiles.map(([{ path }, activity]) => {
    const share = 'fraction' in activity ? ` ${bar(activity.fraction)}` : delayIn(activity);
    return fit(
      `${fit(shown(path), nameColumns)}  ${WORDS[activity.at].padEnd(STATE)}${share}`,
      columns,
    ).trimEnd();
  });
  const hidden = active.length - shownFiles.length;
  const counts = [`${totals.done + totals.failed + totals.skipped} of ${totals.files}`];
  if (totals.failed > 0) counts.push(`${totals.failed} failed`);
  if (hidden > 0) counts.push(`${hidden} more in progress`);
  return [...lines, fit(counts.join(' · '), columns).trimEnd()];
}

function bar(fraction: number): string {
  const share = Math.min(1, Math.max(0, fraction));
  const full = Math.round(share * BAR);
  return `${'█'.repeat(full)}${'░'.repeat(BAR - full)} ${String(Math.floor(share * 100)).padStart(3)}%`;
}

function outcomeLine({ input, status, job, error, seconds, notes }: Outcome, terminal: Terminal): string {
  const name = shown(input.path);
  const remarks = notes.length === 0 ? '' : terminal.style('yellow', `  ${shown(notes.join('; '))}`);
  if (status === 'skipped')
    return `${terminal.style('dim', '–')} ${name}  has its results; use --force to write them again${remarks}`;
  if (status === 'failed') {
    return `${terminal.style('red', '✗')} ${name}  ${error?.code}: ${shown(error?.message ?? '')}`;
  }
  const receipt = job?.receipt === undefined ? `done in ${duration(seconds)}` : receiptLine(job.receipt);
  const lacks = (job?.degraded ?? []).map(lossLine);
  const warning = lacks.length === 0 ? '' : terminal.style('yellow', `  ${lacks.join('; ')}`);
  return `${terminal.style('green', '✓')} ${name}  ${receipt}${warning}${remarks}`;
}
