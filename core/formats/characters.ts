import wideCharacters from './wide-characters.json';

/**
 * What a subtitle must know of characters: how wide they are, and where a text may be parted.
 *
 * Twin of `formats/characters.py` in the whisper service; the fixtures in `test/fixtures/formats` hold the two
 * together. `wide-characters.json` has the first and the last of each range of code points that are wide by Unicode's
 * East Asian Width, which JavaScript does not know; Python's tests hold it to Python's own tables.
 */

/**
 * What a text ends on, for whoever wants to part it there. `clinging`: a title or a short word, which is most often an
 * article, a preposition or a conjunction and belongs to what follows, whatever the language.
 */
export type Mark = 'sentence' | 'clause' | 'none' | 'clinging';

/**
 * Control characters and the line ends that only some players know. Spelled out here and below, because Python and
 * JavaScript differ in what they take for white space.
 */
// eslint-disable-next-line no-control-regex
const BREAKS = /[\x00-\x20\x7f-\x9f\u2028\u2029\ufeff]+/g;
/** What parts words without being a plain space. */
const SPACES = /[ \u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]*/y;
/** What shows nothing: a line of it would look like the blank line that ends a cue. */
const UNSEEN =
  ' \u00a0\u1680\u202f\u205f\u3000\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u200b';

const SENTENCE_ENDS = '.!?…‽。．！？｡؟۔।॥։።';
const CLAUSE_ENDS = ',;:—–、，；：､،؛፣';
const CLOSING = '"\'”’»›)]}）］｝」』】〉》';
const OPENING = '“‘«‹([{（［｛「『【〈《„‚¿¡';
/** These look the same at both ends of what they enclose. */
const QUOTES = '"\'';
/** Small kana, and the signs for a long or a repeated sound. */
const NEVER_FIRST = 'ーぁぃぅぇぉっゃゅょゎァィゥェォッャュョヮヵヶ々ゝゞヽヾ';
const TITLES = new Set(['mr', 'mrs', 'ms', 'dr', 'prof', 'st', 'mme']);
/** Letters of the longest word that counts as short. */
const SHORT = 3;

/** The text on one line, without control characters, and with nothing unseen at its ends. */
export function clean(text: string): string {
  return stripLeft(stripRight(text.replace(BREAKS, ' '), UNSEEN), UNSEEN);
}

/** Where the text goes on after the spaces at `at`, of any kind. */
export function afterSpaces(text: string, at: number): number {
  SPACES.lastIndex = at;
  return at + (SPACES.exec(text)?.[0].length ?? 0);
}

/** Columns that the text takes: two for a wide East Asian character, none for marks on another one. */
export function width(text: string): number {
  let columns = 0;
  for (const character of text) columns += columnsOf(character);
  return columns;
}

/** Whether the character is of a script that is written without spaces, each character a word. */
export const isIdeographic = (character: string) => columnsOf(character) === 2 && !isHangul(character);

/** Whether there is nothing in the text to be said. */
export const isPunctuation = (text: string) => !/[\p{L}\p{N}]/u.test(text);

/** Whether the text is brackets or quotation marks that belong to what follows. */
export const isOpening = (text: string) => stripLeft(text, OPENING) === '';

/**
 * Whether two texts without a space between them must stay on one line. So do Latin letters and figures, which come
 * one by one in languages whose words are characters.
 */
export function clings(before: string, after: string): boolean {
  return NEVER_FIRST.includes(first(after)) || (/[!-~]$/.test(before) && /^[!-~]/.test(after));
}

/**
 * What the text ends on.
 *
 * @param text a word with its punctuation
 * @param following the word after it, with the space before it if there is one; undefined at the end
 */
export function mark(text: string, following: string | undefined): Mark {
  const bare = stripRight(text, CLOSING);
  const end = bare.slice(-1);
  if (end !== '' && SENTENCE_ENDS.includes(end)) {
    if ((end === '.' || end === '…') && following !== undefined) {
      const word = stripLeft(stripRight(bare, SENTENCE_ENDS), OPENING + QUOTES);
      if (end === '.' && (TITLES.has(word.toLowerCase()) || (word !== 'I' && /^\p{Lu}$/u.test(word)))) {
        return 'clinging';
      }
      if (/^\p{Ll}/u.test(stripLeft(following, ` ${OPENING}${QUOTES}`))) {
        return bare.endsWith('..') || end === '…' ? 'clause' : 'none';
      }
    }
    return 'sentence';
  }
  if (end !== '' && CLAUSE_ENDS.includes(end)) return 'clause';
  if (following !== undefined && isIdeographic(last(text)) && isIdeographic(first(following))) {
    // Japanese words mostly begin with another script than the particles before them end with.
    return isHiragana(last(text)) && !isHiragana(first(following)) ? 'none' : 'clinging';
  }
  const letters = [...text].length;
  return letters <= SHORT && width(text) === letters && /^\p{L}+$/u.test(text) ? 'clinging' : 'none';
}

/** The first character, a surrogate pair whole. */
export const first = (text: string) => [...text.slice(0, 2)][0] ?? '';

/** The last character, a surrogate pair whole. */
export const last = (text: string) => [...text.slice(-2)].at(-1) ?? '';

function columnsOf(character: string): number {
  const code = character.codePointAt(0) ?? 0;
  if (code < 0x7f) return 1;
  if (/^[\p{Mn}\p{Me}\p{Cf}]/u.test(character)) return 0;
  return isWide(code) ? 2 : 1;
}

function isWide(code: number): boolean {
  // The bounds ascend: the code point lies in a range if an odd number of its neighbours in the list lies below it.
  let [from, to] = [0, wideCharacters.length];
  while (from < to) {
    const middle = Math.floor((from + to) / 2);
    if ((wideCharacters[middle] ?? Infinity) + (middle % 2) <= code) from = middle + 1;
    else to = middle;
  }
  return from % 2 === 1;
}

const isHiragana = (character: string) => character >= '\u3041' && character <= '\u3096';

/** Korean is wide, but puts spaces between words. */
const isHangul = (character: string) => /^[\u1100-\u11ff\ua960-\ua97c\uac00-\ud7fb]/.test(character);

function stripLeft(text: string, characters: string): string {
  let at = 0;
  while (at < text.length && characters.includes(text.charAt(at))) at += 1;
  return text.slice(at);
}

function stripRight(text: string, characters: string): string {
  let at = text.length;
  while (at > 0 && characters.includes(text.charAt(at - 1))) at -= 1;
  return text.slice(0, at);
}
