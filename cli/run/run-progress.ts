import { bytes, shown } from '../format';
import type { Terminal } from '../terminal';
import type { Input } from '../transcribe/inputs';
import type { Activity } from '../transcribe/trip';

/** Shortest time between lines about the same step, in milliseconds. */
const PERIOD_MS = 10_000;

const WORDS: Partial<Record<Activity['at'], string>> = {
  uploading: 'uploading',
  queued: 'queued',
  waiting: 'waiting for the model',
  running: 'in work',
  understanding: 'in work',
};

/** Writes a line for each step of a file, and from time to time in a long step. */
export class RunProgress {
  private step = '';
  private saidAt = 0;

  constructor(
    private readonly input: Input,
    private readonly terminal: Terminal,
  ) {}

  activity(activity: Activity): void {
    const word = WORDS[activity.at];
    if (word === undefined) return;
    const size = activity.at === 'uploading' ? ` ${bytes(this.input.size)}` : '';
    const share = 'fraction' in activity ? `, ${Math.floor(activity.fraction * 100)}%` : '';
    this.say(word, `${word}${size}${share}`);
  }

  fetching(done: number, of: number): void {
    this.say('fetching', `fetching files, ${done} of ${of}`);
  }

  private say(step: string, line: string): void {
    if (step === this.step && Date.now() - this.saidAt < PERIOD_MS) return;
    this.step = step;
    this.saidAt = Date.now();
    this.terminal.say(`${shown(this.input.path)}: ${line}`);
  }
}
