import { InvalidArgumentError, Option } from 'commander';
import {
  formatNamed,
  type Priority,
  TRANSCRIPT_FORMATS,
  type TranscriptFormat,
} from '../core/contract/names';

/** Options shared by several commands. */
export const urlOption = () =>
  new Option('--url <url>', 'URL of the API (default: SPOTSCRIBE_URL, or the local AWS if it is running)');
export const keyOption = () =>
  new Option(
    '--key <key>',
    'API key (default: SPOTSCRIBE_KEY, which other users of this machine cannot see)',
  );

export const bulkOption = () =>
  new Option('--bulk', 'low priority: the jobs start only when no normal job waits');

/** The priority that `--bulk` asks for. */
export const priorityOf = ({ bulk }: { bulk?: boolean }): Priority => (bulk === true ? 'bulk' : 'normal');

/** Parses a whole number in a range. */
export const wholeNumber =
  (least: number, most: number) =>
  (text: string): number => {
    const value = Number(text);
    if (/^\d+$/.test(text) && value >= least && value <= most) return value;
    throw new InvalidArgumentError(`It must be a whole number from ${least} to ${most}.`);
  };

/** Parses formats separated by commas, without duplicates. */
export const formats = (text: string): TranscriptFormat[] => [
  ...new Set(text.split(',').map((part) => format(part.trim()))),
];

export function format(name: string): TranscriptFormat {
  const found = formatNamed(name);
  if (found !== undefined) return found;
  throw new InvalidArgumentError(`"${name}" is not one of ${TRANSCRIPT_FORMATS.join(', ')}.`);
}

const UNIT_MS: Record<string, number> = { '': 1000, s: 1000, m: 60_000, h: 3_600_000 };
/** Longest delay of a Node.js timer. */
const LONGEST_MS = 2 ** 31 - 1;

/** Parses a duration such as `90`, `90s`, `30m` or `2h`, and returns milliseconds. */
export function time(text: string): number {
  const [, amount, unit = ''] = /^(\d+(?:\.\d+)?)([smh]?)$/.exec(text) ?? [];
  const milliseconds = Number(amount) * (UNIT_MS[unit] ?? NaN);
  if (milliseconds > 0 && milliseconds <= LONGEST_MS) return milliseconds;
  throw new InvalidArgumentError('It must be a time such as 90s, 30m or 2h, at most 24 days.');
}
