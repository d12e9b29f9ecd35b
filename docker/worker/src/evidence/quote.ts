import type { Match } from './quote-alignment';
import { lettersIn, type SpokenWords, wordsOf } from './spoken-words';

/** Longest quote that is searched, in characters and letters: about two minutes of speech. */
export const LONGEST_QUOTE = 2000;

/** A quote prepared for the search in one transcript. */
export interface Quote {
  /** Number of words. */
  words: number;
  letters: number;
  /**
   * Maximum number of letters of the matching words in the transcript, without words between them.
   */
  widest: number;
  /** For each word of the transcript's vocabulary: the words of the quote that it may match. */
  matches: Map<number, Match[]>;
  /**
   * For each distinct word of the quote: its total letters, and the vocabulary words that may match
   * it.
   */
  signs: { letters: number; ids: Set<number> }[];
}

/** Prepares a quote for the search. Undefined if it has no words or is too long. */
export function prepare(text: string, spoken: SpokenWords): Quote | undefined {
  if (text.length > LONGEST_QUOTE) return undefined;
  const words = wordsOf(text);
  const lengths = words.map(lettersIn);
  const letters = lengths.reduce((sum, length) => sum + length, 0);
  if (letters === 0 || letters > LONGEST_QUOTE) return undefined;

  const matches: Quote['matches'] = new Map();
  const signs = new Map(words.map((word) => [word, { letters: 0, ids: new Set<number>() }]));
  const add = (id: number | undefined, match: Match) => {
    if (id === undefined) return;
    const others = matches.get(id);
    if (others === undefined) matches.set(id, [match]);
    else others.push(match);
    for (const word of words.slice(match.at, match.at + match.take)) signs.get(word)?.ids.add(id);
  };

  let widest = 0;
  words.forEach((word, at) => {
    const length = lengths[at] ?? 0;
    const sign = signs.get(word);
    if (sign !== undefined) sign.letters += length;
    add(spoken.id(word), { at, take: 1, letters: length });
    let widestWord = length;
    for (const { id, edits } of spoken.closeTo(word)) {
      add(id, { at, take: 1, letters: Math.round(length * (1 - edits / word.length)) });
      widestWord = Math.max(widestWord, spoken.letters(id));
    }
    widest += widestWord;
    // One model may split a word that the other one joins: Open AI and OpenAI.
    for (let split = 1; split < word.length; split += 1) {
      const then = spoken.id(word.slice(split));
      if (then !== undefined) add(spoken.id(word.slice(0, split)), { at, take: 1, then, letters: length });
    }
    const following = words[at + 1];
    if (following !== undefined) {
      add(spoken.id(word + following), { at, take: 2, letters: length + (lengths[at + 1] ?? 0) });
    }
  });
  return { words: words.length, letters, widest, matches, signs: [...signs.values()] };
}
