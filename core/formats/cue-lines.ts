import type { Unit } from './cue-runs';

/** How cues look. */
export interface Layout {
  /** Columns; a wide East Asian character takes two. */
  maxLineWidth: number;
  /** Lines of a cue. */
  maxLineCount: number;
  /** Makes a cue for each word, which it underlines. */
  highlightWords: boolean;
}

/**
 * The units on as few lines as they fit on, and these of like width, the lower one rather the longer. Each line has
 * one unit at least; but the first is empty where the prefix leaves no room beside it.
 *
 * Twin of `formats/lines.py` in the whisper service.
 *
 * @param units at least one; few enough to fit, or a single one that is wider than a line
 * @param prefix columns of what stands before the first unit, the space after it included
 */
export function lines(units: Unit[], prefix: number, { maxLineWidth, maxLineCount }: Layout): Unit[][] {
  return isAlone(prefix, units[0]!, { maxLineWidth, maxLineCount })
    ? [[], ...balanced(units, 0, maxLineCount - 1, maxLineWidth)]
    : balanced(units, prefix, maxLineCount, maxLineWidth);
}

/** How many units from the `first` on fit on the lines of one cue: one at least, however wide. */
export function fitting(units: readonly Unit[], first: number, prefix: number, layout: Layout): number {
  const alone = isAlone(prefix, units[first]!, layout);
  let count = alone ? 2 : 1;
  let taken = units[first]!.width + (alone ? 0 : prefix);
  for (let index = first + 1; index < units.length; index += 1) {
    const unit = units[index]!;
    if (taken + unit.space + unit.width <= layout.maxLineWidth) taken += unit.space + unit.width;
    else if (count < layout.maxLineCount) [count, taken] = [count + 1, unit.width];
    else return index - first;
  }
  return units.length - first;
}

/** Columns of the units on one line. */
export const joinedWidth = (units: readonly Unit[]) =>
  units.reduce((sum, unit) => sum + unit.space + unit.width, 0) - (units[0]?.space ?? 0);

/** Whether the prefix takes a line of its own. */
const isAlone = (
  prefix: number,
  unit: Unit,
  { maxLineWidth, maxLineCount }: Omit<Layout, 'highlightWords'>,
) => prefix > 0 && maxLineCount > 1 && prefix + unit.width > maxLineWidth;

function balanced(units: Unit[], prefix: number, most: number, lineWidth: number): Unit[][] {
  const count = Math.min(fewest(units, prefix, lineWidth), most);
  if (count === 1) return [units];
  let [best, least] = [1, Infinity];
  for (let at = 1; at < units.length; at += 1) {
    const top = prefix + joinedWidth(units.slice(0, at));
    const rest = units.slice(at);
    if (at > 1 && top > lineWidth) break;
    if (fewest(rest, 0, lineWidth) >= count) continue;
    const cost =
      unevenness(top * (count - 1) - joinedWidth(rest), lineWidth) + breakCost(units[at - 1]!, lineWidth);
    if (cost < least) [best, least] = [at, cost];
  }
  return [units.slice(0, best), ...balanced(units.slice(best), 0, count - 1, lineWidth)];
}

/** Lines that the units need. */
function fewest(units: readonly Unit[], prefix: number, lineWidth: number): number {
  let [count, taken] = [1, prefix + units[0]!.width];
  for (const unit of units.slice(1)) {
    taken += unit.space + unit.width;
    if (taken > lineWidth) [count, taken] = [count + 1, unit.width];
  }
  return count;
}

/** Columns by which the upper line is off the mean of those below it; worse where it is the longer. */
const unevenness = (excess: number, lineWidth: number) =>
  Math.abs(excess) + (excess > 0 ? Math.floor(lineWidth / 8) : 0);

/** Columns of unevenness that a break behind the unit is worth. */
function breakCost({ mark }: Unit, lineWidth: number): number {
  switch (mark) {
    case 'sentence':
      return -Math.floor((3 * lineWidth) / 4);
    case 'clause':
      return -Math.floor(lineWidth / 2);
    case 'none':
      return 0;
    case 'clinging':
      return Math.floor(lineWidth / 4);
  }
}
