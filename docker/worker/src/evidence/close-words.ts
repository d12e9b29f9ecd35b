import { distance } from 'fastest-levenshtein';

// Finds words of a vocabulary that are similar to a given word, because two models may spell a name
// differently. `spoken-words.ts` has normalized all words.

/** One edit is allowed for every four letters: `Ines` and `Inez` are close, `the` and `he` are not. */
const LETTERS_PER_EDIT = 4;
const MOST_EDITS = 3;
/** Longer words must be identical: the time to compare two words grows with the square of their length. */
const LONGEST = 40;

/** A similar word: its index in the vocabulary, and its edit distance to the given word. */
export interface CloseWord {
  id: number;
  edits: number;
}

/** A vocabulary in which to look for close words. */
export class CloseWords {
  private readonly words: { id: number; letters: string; set: number }[];

  constructor(vocabulary: readonly string[]) {
    this.words = vocabulary
      .map((letters, id) => ({ id, letters, set: letterSet(letters) }))
      .filter(({ letters }) => isComparable(letters));
  }

  /** Returns the similar words, without the word itself. */
  of(word: string): CloseWord[] {
    const found: CloseWord[] = [];
    if (!isComparable(word)) return found;
    const own = letterSet(word);
    for (const { id, letters, set } of this.words) {
      const allowed = allowedEdits(Math.max(letters.length, word.length));
      if (Math.abs(letters.length - word.length) > allowed) continue;
      // An edit removes one letter from the set and adds one, at most. Most words need no comparison.
      if (bits(own ^ set) > 2 * allowed) continue;
      const edits = distance(word, letters);
      if (edits > 0 && edits <= allowed) found.push({ id, edits });
    }
    return found;
  }
}

/** 250 and 259 are two numbers, however alike they look. */
const isComparable = (word: string) => word.length <= LONGEST && !/\p{N}/u.test(word);

const allowedEdits = (letters: number) => Math.min(MOST_EDITS, Math.floor(letters / LETTERS_PER_EDIT));

/** The letters of a word, each a bit; some letters share one. */
function letterSet(word: string): number {
  let set = 0;
  for (let at = 0; at < word.length; at += 1) set |= 1 << (word.charCodeAt(at) & 31);
  return set;
}

/** How many bits are set, counted in pairs, then fours, then eights (Warren, Hacker's Delight, 5-1). */
function bits(set: number): number {
  const pairs = set - ((set >>> 1) & 0x55555555);
  const fours = (pairs & 0x33333333) + ((pairs >>> 2) & 0x33333333);
  return Math.imul((fours + (fours >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
}
