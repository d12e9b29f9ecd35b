import { isIdeographic, width } from '../../../../core/formats/characters';
import type { Evidence } from '../../../../core/contract/work/analysis';
import type { Segment, Word } from '../../../../core/contract/work/transcript';
import { CloseWords, type CloseWord } from './close-words';

/**
 * Diacritics of Latin, Greek and Cyrillic, points of Hebrew and Arabic. Not every model writes
 * them.
 */
const OPTIONAL_MARKS = /[\u0300-\u036f\u0591-\u05c7\u064b-\u065f\u0670]/g;
/** Characters within words that not every model writes, including invisible ones. */
const WITHIN_WORDS = /['’‘‛ʼ`´＇]|\p{Cf}/gu;
/** 1,000 is one number. */
const WITHIN_NUMBERS = /(?<=\p{N})[.,](?=\p{N})/gu;
const WORD = /[\p{L}\p{N}][\p{L}\p{N}\p{M}]*/gu;
/** Quick check, so that most words need no check of each character. */
const MAY_BE_UNSPACED = /[\u0e00-\uffff]/;
const UNSPACED_SCRIPT = /[\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}]/u;

/**
 * Splits a text into normalised words for comparison: in upper case (in lower case, ß differs from
 * ss), without punctuation. Parts of a hyphenated word are separate words. In scripts without
 * spaces, each character with its marks is a word.
 */
export function wordsOf(text: string): string[] {
  // Apostrophes first: decomposition would turn one of them into a space with an accent.
  const folded = text
    .replace(WITHIN_WORDS, '')
    .normalize('NFKD')
    .replace(OPTIONAL_MARKS, '')
    .normalize('NFC')
    .toUpperCase()
    .replace(WITHIN_NUMBERS, '');
  return (folded.match(WORD) ?? []).flatMap((word) => (MAY_BE_UNSPACED.test(word) ? parts(word) : [word]));
}

function parts(word: string): string[] {
  const found: string[] = [];
  let apart = true;
  for (const character of word) {
    const unspaced = isIdeographic(character) || UNSPACED_SCRIPT.test(character);
    if (/\p{M}/u.test(character) || (!unspaced && !apart)) found.push(`${found.pop() ?? ''}${character}`);
    else {
      found.push(character);
      apart = unspaced;
    }
  }
  return found;
}

/** Number of letters of a word. A Chinese character or a Korean syllable counts as two. */
export const lettersIn = (word: string) => width(word);

/** Index of a transcript for the search of quotes: its words in order, and their positions. */
export class SpokenWords {
  /** Vocabulary id of each word. */
  readonly ids: Int32Array;
  /** Number of letters before each word; the last element is the total. */
  readonly lettersBefore: Int32Array;
  private readonly starts: number[] = [];
  private readonly ends: number[] = [];
  private readonly segmentIds: number[] = [];
  private readonly untimed: boolean[] = [];
  private readonly vocabulary: string[] = [];
  private readonly lettersOf: number[] = [];
  private readonly idOf = new Map<string, number>();
  /** Positions of each word of the vocabulary, ascending. */
  private readonly places: number[][] = [];
  private readonly closeWords: CloseWords;
  private readonly close = new Map<string, CloseWord[]>();

  /**
   * @param segments of a transcript; in a segment without words, all words have the times of the
   * segment
   */
  constructor(segments: readonly Segment[]) {
    const ids: number[] = [];
    const known = new Map<string, number[]>();
    const idsOf = (text: string) => known.get(text) ?? wordsOf(text).map((word) => this.learn(word));
    for (const { id: segmentId, words, ...segment } of segments) {
      const spoken: Word[] =
        words.length > 0 ? words : [{ ...segment, word: segment.text, interpolated: true }];
      for (const { word, start, end, interpolated } of spoken) {
        const heard = idsOf(word);
        known.set(word, heard);
        for (const id of heard) {
          this.places[id]?.push(ids.length);
          ids.push(id);
          this.starts.push(start);
          this.ends.push(end);
          this.segmentIds.push(segmentId);
          this.untimed.push(interpolated === true);
        }
      }
    }
    this.ids = Int32Array.from(ids);
    this.lettersBefore = new Int32Array(ids.length + 1);
    ids.forEach((id, at) => {
      this.lettersBefore[at + 1] = (this.lettersBefore[at] ?? 0) + this.letters(id);
    });
    this.closeWords = new CloseWords(this.vocabulary);
  }

  /** Number of spoken words. */
  get count(): number {
    return this.ids.length;
  }

  /** Vocabulary id of a word. Undefined if the word is not in the transcript. */
  id(word: string): number | undefined {
    return this.idOf.get(word);
  }

  /** Number of letters of a word of the vocabulary. */
  letters(id: number): number {
    return this.lettersOf[id] ?? 0;
  }

  /** Spoken words that are similar to this one. */
  closeTo(word: string): readonly CloseWord[] {
    const found = this.close.get(word) ?? this.closeWords.of(word);
    this.close.set(word, found);
    return found;
  }

  /** Positions of a word of the vocabulary, ascending. */
  placesOf(id: number): readonly number[] {
    return this.places[id] ?? [];
  }

  /** Range of the words between two times in seconds. `to` is exclusive. */
  between(start: number, end: number): { from: number; to: number } {
    const from = this.ends.findIndex((at) => at >= start);
    return { from: from < 0 ? this.count : from, to: this.starts.findLastIndex((at) => at <= end) + 1 };
  }

  /** Times and segments of the words from `from` to `to`, exclusive. */
  stretch(from: number, to: number): Pick<Evidence, 'start' | 'end' | 'segments' | 'interpolated'> {
    const segments = [...new Set(this.segmentIds.slice(from, to))].sort((a, b) => a - b);
    // Segments of different channels overlap, so the next word may begin before this one.
    const start = Math.min(...this.starts.slice(from, to));
    const times = { start, end: Math.max(...this.ends.slice(from, to)), segments };
    return this.untimed.slice(from, to).includes(true) ? { ...times, interpolated: true } : times;
  }

  private learn(word: string): number {
    const known = this.idOf.get(word);
    if (known !== undefined) return known;
    const id = this.vocabulary.push(word) - 1;
    this.idOf.set(word, id);
    this.lettersOf.push(lettersIn(word));
    this.places.push([]);
    return id;
  }
}
