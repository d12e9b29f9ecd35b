/** A measured value with an optional target. */
export interface Figure {
  name: string;
  /** In `unit`. */
  value: number;
  unit: keyof typeof DECIMALS;
  /**
   * Maximum acceptable value.
   *
   * @default - none: part of another figure, or a value for comparison
   */
  target?: number;
  /** Minimum acceptable value, if more is better. @default - none, as for `target` */
  least?: number;
}

const DECIMALS = {
  ms: 0,
  s: 2,
  KB: 0,
  MB: 0,
  '×': 2,
  '%': 1,
  'tokens/s': 1,
  'rows/s': 0,
  tokens: 1,
  requests: 0,
  words: 0,
  speakers: 0,
  points: 2,
  'words/min': 2,
  'prompts/min': 1,
} as const;

/**
 * The median. The mean of the two middle values if their number is even.
 *
 * @throws if there are no values
 */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.slice(Math.ceil(sorted.length / 2) - 1, Math.floor(sorted.length / 2) + 1);
  if (middle.length === 0) throw new Error('Cannot compute a median without values: nothing was measured');
  return middle.reduce((sum, value) => sum + value, 0) / middle.length;
}

/**
 * The smallest value that at least this share of the values does not exceed.
 *
 * @param share - above 0, up to 1
 * @throws if there are no values
 */
export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  const found = sorted[rank(sorted.length, share) - 1];
  if (found === undefined)
    throw new Error('Cannot compute a percentile without values: nothing was measured');
  return found;
}

export const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

/** How many of `count` values are not above that percentile. The share may have a rounding error. */
export const rank = (count: number, share: number): number => Math.ceil(share * count - 1e-9);

const isOver = ({ value, target }: Figure): boolean => target !== undefined && value > target;
const isUnder = ({ value, least }: Figure): boolean => least !== undefined && value < least;

/** Whether the value misses its target. */
export const misses = (figure: Figure): boolean => isOver(figure) || isUnder(figure);

/** The figures as lines of a Markdown table. */
export function table(figures: readonly Figure[]): string {
  const rows = figures.map((figure) => [
    figure.name,
    quantity(figure.value, figure.unit),
    targets(figure),
    verdict(figure),
  ]);
  const cells = [['figure', 'value', 'target', ''], ...rows];
  const widths = [0, 1, 2, 3].map((column) => Math.max(3, ...cells.map((row) => row[column]?.length ?? 0)));
  const [head = '', ...body] = cells.map((row) => line(row, widths));
  const [name = 3, value = 3, target = 3, last = 3] = widths;
  const rule = `| ${'-'.repeat(name)} | ${'-'.repeat(value - 1)}: | ${'-'.repeat(target - 1)}: | ${'-'.repeat(last)} |`;
  return [head, rule, ...body].join('\n');
}

const targets = ({ target, least, unit }: Figure) =>
  [
    ...(least === undefined ? [] : [`≥ ${least} ${unit}`]),
    ...(target === undefined ? [] : [`≤ ${target} ${unit}`]),
  ].join(', ');

function verdict(figure: Figure): string {
  if (isOver(figure)) return 'over';
  if (isUnder(figure)) return 'under';
  return targets(figure) === '' ? '' : 'ok';
}

/** Aligns numbers to the right and words to the left. */
const line = (cells: string[], widths: number[]) =>
  `| ${cells.map((cell, i) => (i === 1 || i === 2 ? cell.padStart(widths[i] ?? 0) : cell.padEnd(widths[i] ?? 0))).join(' | ')} |`;

const quantity = (value: number, unit: Figure['unit']) => `${value.toFixed(DECIMALS[unit])} ${unit}`;
