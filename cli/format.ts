import { stripVTControlCharacters } from 'node:util';
import type { Receipt } from '../core/contract/job';
import type { Unit } from '../core/contract/names';
import type { Degradation } from '../core/contract/values';
import { UNIT } from '../core/usage/units';

/**
 * Replaces control characters in text from outside (file names, messages), so that it cannot
 * control the terminal.
 */
export const shown = (text: string): string =>
  stripVTControlCharacters(text).replace(/[\p{Cc}\p{Bidi_Control}\u2028\u2029]/gu, '\uFFFD');

/** Seconds as `3.2 s`, `4:05` or `1:02:03`. */
export function duration(seconds: number): string {
  if (seconds < 59.5) return `${seconds < 10 ? Number(seconds.toFixed(1)) : Math.round(seconds)} s`;
  const whole = Math.round(seconds);
  const two = (value: number) => String(value).padStart(2, '0');
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60];
  return hours === 0 ? `${minutes}:${two(whole % 60)}` : `${hours}:${two(minutes)}:${two(whole % 60)}`;
}

/** Seconds as `0:04` or `1:02:03`: a position in an audio player. */
export function clock(seconds: number): string {
  const whole = Math.floor(seconds);
  const two = (value: number) => String(value).padStart(2, '0');
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60];
  return hours === 0 ? `${minutes}:${two(whole % 60)}` : `${hours}:${two(minutes)}:${two(whole % 60)}`;
}

/**
 * US dollars. Amounts below a cent have two significant digits: an audio minute costs about
 * $0.0002.
 */
export function dollars(amount: number | null): string {
  if (amount === null) return 'price unknown';
  if (amount === 0 || amount >= 0.01) return `$${amount.toFixed(2)}`;
  const digits = Math.min(9, 1 - Math.floor(Math.log10(amount)));
  return `$${amount.toFixed(digits)}`;
}

/** Bytes as `812 B`, `3.4 MB`. */
export function bytes(count: number): string {
  const units = ['B', 'kB', 'MB', 'GB'];
  const power = Math.min(units.length - 1, Math.floor(Math.log10(Math.max(1, count)) / 3));
  const value = count / 1000 ** power;
  return `${power === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${units[power]}`;
}

/** A receipt as one line. */
export function receiptLine({ measures, ...receipt }: Receipt): string {
  const others = Object.entries(measures ?? {}).flatMap(([unit, amount]) =>
    unit === 'audio_second' ? [] : [`${amount} ${UNIT[unit as Unit].shown}`],
  );
  const hasAudio = receipt.audio_seconds > 0 || others.length === 0;
  const work = [...(hasAudio ? [`${duration(receipt.audio_seconds)} of audio`] : []), ...others].join(', ');
  const speed = hasAudio ? ` (${receipt.real_time_factor.toFixed(1)}× real time)` : '';
  const price = hasAudio ? undefined : perMillion(receipt);
  const rate = price === undefined ? '' : ` (${price})`;
  return `${work} in ${duration(receipt.processing_seconds)}${speed}, ${dollars(receipt.cost)}${rate}`;
}

/** What a result lacks, or what may be wrong with it. */
export const lossLine = ({ stage, reason }: Degradation): string => `${stage}: ${shown(reason)}`;

/** The cost of a million tokens or characters: `$0.0056 per million tokens`. */
export function perMillion({ cost_per_unit = {} }: Pick<Receipt, 'cost_per_unit'>): string | undefined {
  const unit = (['token', 'character'] as const).find((each) => cost_per_unit[each] !== undefined);
  return unit && `${dollars((cost_per_unit[unit] ?? 0) * 1e6)} per million ${UNIT[unit].shown}`;
}

/** The work of a job: `1:00`, or `40213 tokens`. */
export const workOf = ({ measures, audio_seconds }: Receipt): string =>
  audio_seconds > 0 || measures === undefined
    ? duration(audio_seconds)
    : Object.entries(measures)
        .map(([unit, amount]) => `${amount} ${UNIT[unit as Unit].shown}`)
        .join(', ');

const WIDE =
  /\p{Script=Han}|\p{Script=Hiragana}|\p{Script=Katakana}|\p{Script=Hangul}|\p{Emoji_Presentation}/u;

/** Number of terminal columns that a text needs. */
export const width = (text: string): number =>
  [...text].reduce((sum, each) => sum + (/\p{Mn}/u.test(each) ? 0 : WIDE.test(each) ? 2 : 1), 0);

/** Cuts or pads a text to the given number of columns. */
export function fit(text: string, columns: number): string {
  if (width(text) <= columns) return text + ' '.repeat(columns - width(text));
  let kept = '';
  for (const each of text) {
    if (width(kept + each) > columns - 1) break;
    kept += each;
  }
  return `${kept}…${' '.repeat(Math.max(0, columns - 1 - width(kept)))}`;
}

/** Formats rows as aligned columns, without trailing spaces. */
export function table(rows: string[][]): string {
  const widths = rows.reduce<number[]>(
    (widest, row) => row.map((cell, index) => Math.max(widest[index] ?? 0, width(cell))),
    [],
  );
  return rows
    .map((row) =>
      row
        .map((cell, index) => cell + ' '.repeat((widths[index] ?? 0) - width(cell)))
        .join('  ')
        .trimEnd(),
    )
    .map((line) => `${line}\n`)
    .join('');
}
