import { distance } from 'fastest-levenshtein';

/**
 * Which words of a vocabulary are nearly a given one: two models spell a name differently, or hear another ending.
 *
 * All words are folded already, as `spoken-words.ts` does.
 */

/** Of so many letters one may differ: `Ines` and `Inez` are close, `the` and `he` are not. */
const LETTERS_PER_EDIT = 4;
const MOST_EDITS = 3;
/** Letters above which a word must be the very same: the time to compare grows with the square. */
const LONGEST = 40;

/** A word of the vocabulary, by its place there, and how many letters must be changed to make it of the other. */
export interface CloseWord {
  id: number;
  edits: number;
}

/** A vocabulary in which to look for close words. */
export class CloseWords {
  private readonly words: { id: number; letters: string }[];

  constructor(vocabulary: readonly string[]) {
    this.words = vocabulary
      .map((letters, id) => ({ id, letters }))
      .filter(({ letters }) => isComparable(letters));
  }

  /** The words at one edit or more; the word itself is not among them. */
  of(word: string): CloseWord[] {
    const found: CloseWord[] = [];
    if (!isComparable(word)) return found;
    for (const { id, letters } of this.words) {
      const allowed = allowedEdits(Math.max(letters.length, word.length));
      // Each letter more is an edit: most words need no comparison.
      if (Math.abs(letters.length - word.length) > allowed) continue;
      const edits = distance(word, letters);
      if (edits > 0 && edits <= allowed) found.push({ id, edits });
    }
    return found;
  }
}

/** 250 and 259 are two numbers, however alike they look. */
const isComparable = (word: string) => word.length <= LONGEST && !/\p{N}/u.test(word);

const allowedEdits = (letters: number) => Math.min(MOST_EDITS, Math.floor(letters / LETTERS_PER_EDIT));
