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
  private readonly idsByLength: number[][] = [];
  private readonly letters: Int32Array;

  constructor(private readonly vocabulary: readonly string[]) {
    this.letters = Int32Array.from(vocabulary, letterSet);
    vocabulary.forEach((word, id) => {
      if (isComparable(word)) (this.idsByLength[word.length] ??= []).push(id);
    });
  }

  /** The words at one edit or more; the word itself is not among them. */
  of(word: string): CloseWord[] {
    const found: CloseWord[] = [];
    if (!isComparable(word)) return found;
    const letters = letterSet(word);
    for (
      let length = Math.max(1, word.length - MOST_EDITS);
      length <= word.length + MOST_EDITS;
      length += 1
    ) {
      const allowed = allowedEdits(Math.max(length, word.length));
      if (Math.abs(length - word.length) > allowed) continue;
      for (const id of this.idsByLength[length] ?? []) {
        // An edit takes one letter from the set and puts one into it, at most: most words need no comparison.
        if (bits(letters ^ (this.letters[id] ?? 0)) > 2 * allowed) continue;
        const edits = editDistance(word, this.vocabulary[id] ?? '', allowed);
        if (edits > 0 && edits <= allowed) found.push({ id, edits });
      }
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

/**
 * Letters to put in, take out or exchange to make one text of the other (Levenshtein, 1965).
 *
 * @param most edits above which they are not counted any further
 * @returns Infinity if there are more than `most`
 */
export function editDistance(a: string, b: string, most = Infinity): number {
  const row: number[] = [];
  for (let at = 0; at <= b.length; at += 1) row.push(at);
  for (let i = 1; i <= a.length; i += 1) {
    let diagonal = i - 1;
    let left = i;
    let fewest = i;
    row[0] = i;
    for (let j = 1; j <= b.length; j += 1) {
      const above = row[j] ?? 0;
      const exchanged = diagonal + (a.charCodeAt(i - 1) === b.charCodeAt(j - 1) ? 0 : 1);
      left = Math.min(exchanged, above + 1, left + 1);
      row[j] = left;
      fewest = Math.min(fewest, left);
      diagonal = above;
    }
    if (fewest > most) return Infinity;
  }
  const edits = row[b.length] ?? 0;
  return edits > most ? Infinity : edits;
}
