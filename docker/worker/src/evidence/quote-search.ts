import { COST_OF_EXTRA_LETTER, type Fit, fit } from './quote-alignment';
import type { Quote } from './quote';
import type { SpokenWords } from './spoken-words';

/** Limit of alignment steps per search. Only texts that repeat a few words many times reach it. */
const MOST_STEPS = 2_000_000;
/** Range of words in the transcript. `to` is exclusive. */
interface Range {
  from: number;
  to: number;
}

/** A range that may contain a quote, and an upper bound of the score in it. */
interface Stretch extends Range {
  most: number;
}

/**
 * Finds the best fit of a quote in a range of spoken words; of equal fits, the earliest.
 *
 * Alignment with all words of a long recording would take seconds per quote. Therefore the
 * occurrences of the quote's words are counted first, which gives an upper bound for each stretch.
 * Stretches are aligned in descending order of this bound, until no other can be better. The result
 * is the same as that of a full alignment.
 *
 * @param share minimum share of the quote's letters to find, 0 to 1
 * @returns undefined if no fit has this share
 */
export function search(quote: Quote, spoken: SpokenWords, range: Range, share: number): Fit | undefined {
  const needed = share * quote.letters;
  let best: Fit | undefined;
  let steps = 0;
  for (const stretch of stretches(quote, spoken, range, share)) {
    if (stretch.most < Math.max(needed, best?.score ?? 0) || steps > MOST_STEPS) break;
    steps += (stretch.to - stretch.from) * quote.words;
    const found = fit(spoken, stretch, quote.matches, quote.words);
    const isBetter = found.score > (best?.score ?? 0);
    const isEarlier = found.score === best?.score && found.from < best.from;
    if (found.score >= needed && (isBetter || isEarlier)) best = found;
  }
  return best;
}

/** Stretches that contain all sufficient fits, by descending upper bound, then by position. */
function stretches(quote: Quote, spoken: SpokenWords, range: Range, share: number): Stretch[] {
  if (range.from >= range.to) return [];
  const { lettersBefore } = spoken;
  const needed = share * quote.letters;
  // A sufficient fit has at most the letters of a cell, so it is within its first cell and the next
  // one.
  const cellLetters = Math.ceil(quote.widest + (quote.letters - needed) / COST_OF_EXTRA_LETTER);
  const cellOf = (word: number) => Math.floor((lettersBefore[word] ?? 0) / cellLetters);
  const firstCell = cellOf(range.from);
  const most = new Int32Array(cellOf(range.to - 1) - firstCell + 1);
  const counted = new Int32Array(most.length).fill(-1);
  quote.signs.forEach(({ letters, ids }, sign) => {
    for (const id of ids) {
      const places = spoken.placesOf(id);
      for (let at = firstFrom(places, range.from); (places[at] ?? Infinity) < range.to; at += 1) {
        const cell = cellOf(places[at] ?? 0) - firstCell;
        for (const stretch of [cell - 1, cell]) {
          if (stretch < 0 || counted[stretch] === sign) continue;
          counted[stretch] = sign;
          most[stretch] = (most[stretch] ?? 0) + letters;
        }
      }
    }
  });

  const start = (cell: number) => firstFrom(lettersBefore, (firstCell + cell) * cellLetters);
  return [...most.entries()]
    .filter(([, letters]) => letters >= needed)
    .sort(([a, mostOfA], [b, mostOfB]) => mostOfB - mostOfA || a - b)
    .map(([cell, letters]) => ({
      from: Math.max(range.from, start(cell)),
      to: Math.min(range.to, start(cell + 2)),
      most: letters,
    }));
}

/** Index of the first value in an ascending list that is not less than `value`. */
function firstFrom(ascending: ArrayLike<number>, value: number): number {
  let [from, to] = [0, ascending.length];
  while (from < to) {
    const middle = Math.floor((from + to) / 2);
    if ((ascending[middle] ?? Infinity) < value) from = middle + 1;
    else to = middle;
  }
  return from;
}
