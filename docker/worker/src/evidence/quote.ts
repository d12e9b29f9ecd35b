import type { Match } from './quote-alignment';
import { lettersIn, type SpokenWords, wordsOf } from './spoken-words';

/** Characters, and letters, above which a quote is not looked for: some two minutes of speech, no quote any more. */
export const LONGEST_QUOTE = 2000;

/** A quote made ready to be looked for in one transcript. */
export interface Quote {
  /** How many. */
  words: number;
  letters: number;
  /** Letters that the transcript may have for them at most, what lies between them left out. */
  widest: number;
  /** For a word of the transcript's vocabulary: which of the quote's it may be. */
  matches: Map<number, Match[]>;
  /** For each different word of the quote: how many letters it makes up, and by which words it may be found. */
  signs: { letters: number; ids: Set<number> }[];
}

/** The quote as it may be found in what was said; undefined if there is nothing in it to look for, or too much. */
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
    // One model writes together what the other parts: Open AI and OpenAI.
    for (let parted = 1; parted < word.length; parted += 1) {
      const then = spoken.id(word.slice(parted));
      if (then !== undefined) add(spoken.id(word.slice(0, parted)), { at, take: 1, then, letters: length });
    }
    const following = words[at + 1];
    if (following !== undefined) {
      add(spoken.id(word + following), { at, take: 2, letters: length + (lengths[at + 1] ?? 0) });
    }
  });
  return { words: words.length, letters, widest, matches, signs: [...signs.values()] };
}
