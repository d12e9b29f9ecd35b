import { InvalidArgumentError, Option } from 'commander';
import { formatNamed, TRANSCRIPT_FORMATS, type TranscriptFormat } from '../core/contract/names';

/** Options that several commands share. */
export const urlOption = () =>
  new Option('--url <url>', 'the API (default: SPOTSCRIBE_URL, or the AWS running on this machine)');
export const keyOption = () =>
  new Option(
    '--key <key>',
    'the API key (default: SPOTSCRIBE_KEY, which other users of this machine cannot see)',
  );

/** A whole number in a range. */
export const wholeNumber =
  (least: number, most: number) =>
  (text: string): number => {
    const value = Number(text);
    if (/^\d+$/.test(text) && value >= least && value <= most) return value;
    throw new InvalidArgumentError(`It must be a whole number from ${least} to ${most}.`);
  };

/** Formats parted by commas, each once. */
export const formats = (text: string): TranscriptFormat[] => [
  ...new Set(text.split(',').map((part) => format(part.trim()))),
];

export function format(name: string): TranscriptFormat {
  const found = formatNamed(name);
  if (found !== undefined) return found;
  throw new InvalidArgumentError(`"${name}" is none of ${TRANSCRIPT_FORMATS.join(', ')}.`);
}

const UNIT_MS: Record<string, number> = { '': 1000, s: 1000, m: 60_000, h: 3_600_000 };
/** Timers of Node.js end here. */
const LONGEST_MS = 2 ** 31 - 1;

/** A time such as `90`, `90s`, `30m` or `2h`, in milliseconds. */
export function time(text: string): number {
  const [, amount, unit = ''] = /^(\d+(?:\.\d+)?)([smh]?)$/.exec(text) ?? [];
  const milliseconds = Number(amount) * (UNIT_MS[unit] ?? NaN);
  if (milliseconds > 0 && milliseconds <= LONGEST_MS) return milliseconds;
  throw new InvalidArgumentError('It must be a time such as 90s, 30m or 2h, of at most 24 days.');
}
