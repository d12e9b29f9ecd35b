import type { Segment } from '../contract/work/transcript';
import {
  afterSpaces,
  clean,
  first,
  isIdeographic,
  isOpening,
  isPunctuation,
  last,
  width,
} from './characters';
import { halvesUp } from './rounding';

/** A word with its punctuation, in milliseconds; `spaced` if a space parts it from the word before. */
export interface Spoken {
  text: string;
  start: number;
  end: number;
  spaced: boolean;
}

type Timed = Omit<Spoken, 'spaced'>;

/**
 * The segment's words by ascending start; without any, its text shared out over its time by width.
 *
 * Punctuation that comes as a word of its own joins its neighbour, unless the two are wider than a line. Its time is
 * dropped: nothing is said in it, and where it was interpolated it covers the pause behind it.
 *
 * Twin of `formats/spoken.py` in the whisper service.
 */
export function spoken(segment: Segment, lineWidth: number): Spoken[] {
  const text = clean(segment.text);
  const timed = segment.words.map(({ word, start, end }) => ({
    text: clean(word),
    start: milliseconds(start),
    end: milliseconds(end),
  }));
  const withText = timed.filter((word) => word.text !== '');
  const said = withText.length > 0 ? withText : spread(text, segment);
  const spaces = spacesBefore(said, text);
  let before = 0;
  const words = said.map((word, index) => {
    before = Math.max(word.start, before);
    return { ...word, start: before, end: Math.max(word.end, before), spaced: spaces[index] ?? true };
  });
  return withPunctuation(words, lineWidth);
}

/** The words as text, with the spaces between them. */
export const joined = (words: readonly Spoken[]) =>
  words.map(({ text, spaced }, index) => (index > 0 && spaced ? ` ${text}` : text)).join('');

/** Whole milliseconds: from here on both languages count in integers. */
export const milliseconds = (seconds: number) => halvesUp(seconds * 1000);

function spread(text: string, segment: Segment): Timed[] {
  const start = milliseconds(segment.start);
  const length = Math.max(milliseconds(segment.end) - start, 0);
  const words = split(text);
  const total = words.reduce((sum, word) => sum + width(word) + 1, 0);
  let before = 0;
  return words.map((word) => {
    const from = before;
    before += width(word) + 1;
    return {
      text: word,
      start: start + Math.floor((length * from) / total),
      end: start + Math.floor((length * before) / total),
    };
  });
}

/** Words between spaces, and ideographic characters one by one. */
function split(text: string): string[] {
  const words: string[] = [];
  let previous = ' ';
  for (const character of text) {
    const alone = isIdeographic(character) || (isIdeographic(previous) && width(character) > 0);
    if (character !== ' ' && (previous === ' ' || alone)) words.push(character);
    else if (character !== ' ') words.push((words.pop() ?? '') + character);
    previous = character;
  }
  return words;
}

/** Whether a space stands before each word: as in the text or, where that differs, by the script. */
function spacesBefore(words: readonly Timed[], text: string): boolean[] {
  let at = 0;
  return words.map(({ text: word }, index) => {
    const before = words[index - 1]?.text ?? '';
    const begin = afterSpaces(text, at);
    const spaced = begin > at;
    const found = text.startsWith(word, begin);
    at = found ? begin + word.length : text.length;
    if (found && before !== '') return spaced;
    return !(isIdeographic(first(word)) && (before === '' || isIdeographic(last(before))));
  });
}

function withPunctuation(words: readonly Spoken[], lineWidth: number): Spoken[] {
  const said: Spoken[] = [];
  let waiting: Spoken | undefined;
  for (const each of words) {
    let word = each;
    if (waiting !== undefined) {
      const text = joined([waiting, word]);
      if (width(text) <= lineWidth) word = { ...word, text, spaced: waiting.spaced };
      else said.push(waiting);
      waiting = undefined;
    }
    const before = said.at(-1);
    if (isPunctuation(word.text)) {
      if (isOpening(word.text) || before === undefined) {
        waiting = word;
        continue;
      }
      const text = joined([before, word]);
      if (width(text) <= lineWidth) {
        said[said.length - 1] = { ...before, text };
        continue;
      }
    }
    said.push(word);
  }
  return waiting === undefined ? said : [...said, waiting];
}
