/**
 * Where a quote fits best into a stretch of words.
 *
 * A local alignment by dynamic programming (Smith and Waterman, 1981): the quote's words are found in their order,
 * words may lack on both sides. Its score is the number of the quote's letters that were found, less what lies between.
 */

/** What each letter of the transcript that lies between found words, and is not in the quote, takes from the score. */
export const COST_OF_EXTRA_LETTER = 0.5;

/** One or two of the quote's words, seen in one or two of the transcript's. */
export interface Match {
  /** Place of the first word in the quote. */
  at: number;
  /** Words of the quote. */
  take: 1 | 2;
  /** Word of the vocabulary that must follow, where two of the transcript's words are one of the quote's. */
  then?: number;
  /** Letters of the quote that are found. */
  letters: number;
}

/** The words from `from` to the one before `to`; a score in the quote's letters. */
export interface Fit {
  from: number;
  to: number;
  score: number;
}

/** For each number of words of the quote that may be used up: the best score, and the word it begins with. */
interface Column {
  scores: Float64Array;
  starts: Int32Array;
}

/**
 * The best fit; of several the earliest.
 *
 * @param ids words of the transcript
 * @param lettersBefore each of them
 * @param stretch the words to look at, `to` the one after the last
 * @param matches for a word of the transcript, which of the quote's it may be
 * @param quoteWords how many words the quote has
 */
export function fit(
  { ids, lettersBefore }: { ids: Int32Array; lettersBefore: Int32Array },
  stretch: { from: number; to: number },
  matches: ReadonlyMap<number, readonly Match[]>,
  quoteWords: number,
): Fit {
  // A word of the quote reaches over two of the transcript's at most: three columns are enough.
  let [here, next, afterNext] = [column(quoteWords), column(quoteWords), column(quoteWords)];
  let best: Fit = { from: stretch.from, to: stretch.from, score: 0 };
  for (let word = stretch.from; ; word += 1) {
    skipQuoteWords(here);
    const score = here.scores[quoteWords] ?? 0;
    if (score > best.score) best = { from: here.starts[quoteWords] ?? 0, to: word, score };
    if (word === stretch.to) return best;

    const letters = (lettersBefore[word + 1] ?? 0) - (lettersBefore[word] ?? 0);
    skipWord(here, next, letters * COST_OF_EXTRA_LETTER);
    for (const match of matches.get(ids[word] ?? -1) ?? []) {
      const alone = match.then === undefined;
      if (!alone && (word + 1 === stretch.to || ids[word + 1] !== match.then)) continue;
      const before = here.scores[match.at] ?? 0;
      const start = before > 0 ? (here.starts[match.at] ?? 0) : word;
      improve(alone ? next : afterNext, match.at + match.take, before + match.letters, start);
    }
    [here, next, afterNext] = [next, afterNext, here];
    afterNext.scores.fill(0);
  }
}

const column = (quoteWords: number): Column => ({
  scores: new Float64Array(quoteWords + 1),
  starts: new Int32Array(quoteWords + 1),
});

/** Words of the quote that the transcript lacks cost nothing but the letters that are not found. */
function skipQuoteWords(column: Column): void {
  for (let at = 1; at < column.scores.length; at += 1) {
    improve(column, at, column.scores[at - 1] ?? 0, column.starts[at - 1] ?? 0);
  }
}

function skipWord(from: Column, to: Column, cost: number): void {
  for (let at = 1; at < from.scores.length; at += 1) {
    improve(to, at, (from.scores[at] ?? 0) - cost, from.starts[at] ?? 0);
  }
}

function improve({ scores, starts }: Column, at: number, score: number, start: number): void {
  if (score > (scores[at] ?? 0)) {
    scores[at] = score;
    starts[at] = start;
  }
}
