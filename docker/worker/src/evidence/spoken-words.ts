import { isIdeographic, width } from '../../../../core/formats/characters';
import type { Segment } from '../../../../core/contract/transcript';
import { CloseWords, type CloseWord } from './close-words';

/** Diacritics of Latin, Greek and Cyrillic letters, points of Hebrew and Arabic ones: not every model writes them. */
const OPTIONAL_MARKS = /[\u0300-\u036f\u0591-\u05c7\u064b-\u065f\u0670]/g;
/** Characters within a word that one model writes and another does not, the invisible ones among them. */
const WITHIN_WORDS = /['’‘‛ʼ`´＇]|\p{Cf}/gu;
/** 1,000 is one number. */
const WITHIN_NUMBERS = /(?<=\p{N})[.,](?=\p{N})/gu;
const WORD = /[\p{L}\p{N}][\p{L}\p{N}\p{M}]*/gu;
/** A quick look, so that most words need no look at each character. */
const MAY_BE_UNSPACED = /[\u0e00-\uffff]/;
const UNSPACED_SCRIPT = /[\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}]/u;

/**
 * The words of a text as they are compared: in capitals (in small letters ß is not ss), without punctuation. Parts of a
 * hyphenated word are words; in scripts without spaces each character is one, with the marks on it.
 */
export function wordsOf(text: string): string[] {
  // Apostrophes first: taken apart, one of them is a space with an accent.
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

/** How much of a quote a word makes up: its letters, where a Chinese character or a Korean syllable counts for two. */
export const lettersIn = (word: string) => width(word);

/** What a search for quotes needs to know of a transcript: its words one after another, and where each one is said. */
export class SpokenWords {
  /** Places in the vocabulary. */
  readonly ids: Int32Array;
  /** Letters before each word, and at the end all of them. */
  readonly lettersBefore: Int32Array;
  private readonly starts: number[] = [];
  private readonly ends: number[] = [];
  private readonly segmentIds: number[] = [];
  private readonly vocabulary: string[] = [];
  private readonly lettersOf: number[] = [];
  private readonly idOf = new Map<string, number>();
  /** Where each word of the vocabulary is said, ascending. */
  private readonly places: number[][] = [];
  private readonly closeWords: CloseWords;
  private readonly close = new Map<string, CloseWord[]>();

  /** @param segments as a transcript has them; the words of one without words have the segment's times */
  constructor(segments: readonly Segment[]) {
    const ids: number[] = [];
    const known = new Map<string, number[]>();
    const idsOf = (text: string) => known.get(text) ?? wordsOf(text).map((word) => this.learn(word));
    for (const { id: segmentId, words, ...segment } of segments) {
      for (const { word, start, end } of words.length > 0 ? words : [{ ...segment, word: segment.text }]) {
        const heard = idsOf(word);
        known.set(word, heard);
        for (const id of heard) {
          this.places[id]?.push(ids.length);
          ids.push(id);
          this.starts.push(start);
          this.ends.push(end);
          this.segmentIds.push(segmentId);
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

  /** How many words were said. */
  get count(): number {
    return this.ids.length;
  }

  /** The word's place in the vocabulary; undefined if it was never said. */
  id(word: string): number | undefined {
    return this.idOf.get(word);
  }

  /** Letters of the word of the vocabulary. */
  letters(id: number): number {
    return this.lettersOf[id] ?? 0;
  }

  /** Words that were said and are nearly this one. */
  closeTo(word: string): readonly CloseWord[] {
    const found = this.close.get(word) ?? this.closeWords.of(word);
    this.close.set(word, found);
    return found;
  }

  /** Where the word of the vocabulary is said, ascending. */
  placesOf(id: number): readonly number[] {
    return this.places[id] ?? [];
  }

  /** From the first to the last word that is said between two times in seconds, `to` the one after it. */
  between(start: number, end: number): { from: number; to: number } {
    const from = this.ends.findIndex((at) => at >= start);
    return { from: from < 0 ? this.count : from, to: this.starts.findLastIndex((at) => at <= end) + 1 };
  }

  /** When and in which segments the words from `from` to the one before `to` are said. */
  stretch(from: number, to: number): { start: number; end: number; segments: number[] } {
    const segments = [...new Set(this.segmentIds.slice(from, to))].sort((a, b) => a - b);
    return { start: this.starts[from] ?? 0, end: this.ends[to - 1] ?? 0, segments };
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
