import { COST_OF_EXTRA_LETTER, type Fit, fit } from './quote-alignment';
import type { Quote } from './quote';
import type { SpokenWords } from './spoken-words';

/** Steps of alignment after which a search stops: only a text that repeats a few words over and over needs them. */
const MOST_STEPS = 2_000_000;
/** Words of the transcript, `to` the one after the last. */
interface Range {
  from: number;
  to: number;
}

/** A range in which a quote may be, and the score that no fit within it surpasses. */
interface Stretch extends Range {
  most: number;
}

/**
 * Where the quote fits best among some of the words that were said; of several places the earliest.
 *
 * An alignment with every word of a long recording would take seconds for each quote. So the places of the quote's words
 * are counted first, which says how much of it each stretch can hold at most; the most promising ones are aligned, until
 * no other can surpass what is found. No place is lost by that.
 *
 * @param share of the quote's letters that must be found, 0 to 1
 * @returns undefined if so much is found nowhere
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

/** Stretches that together hold every fit that is good enough, the most promising first, then the earliest. */
function stretches(quote: Quote, spoken: SpokenWords, range: Range, share: number): Stretch[] {
  if (range.from >= range.to) return [];
  const { lettersBefore } = spoken;
  const needed = share * quote.letters;
  // No fit that is good enough has more letters than a cell: each lies within the cell it begins in and the next one.
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

/** The first place in an ascending list at which there is this value or a greater one. */
function firstFrom(ascending: ArrayLike<number>, value: number): number {
  let [from, to] = [0, ascending.length];
  while (from < to) {
    const middle = Math.floor((from + to) / 2);
    if ((ascending[middle] ?? Infinity) < value) from = middle + 1;
    else to = middle;
  }
  return from;
}
