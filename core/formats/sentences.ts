import { clean, first, isIdeographic, last, mark } from './characters';

/** What is said from `start` to `end` by one speaker, such as a segment or a cue. Times are in seconds. */
export interface Stretch {
  text: string;
  start?: number;
  end?: number;
  speaker?: string;
  /** The words of the text with their times. @default - times are interpolated */
  words?: readonly { word: string; start: number; end: number }[];
  /** The text does not continue that of the stretch before. @default false */
  isApart?: boolean;
}

/** A sentence of a transcript. Times are in seconds from the start of the audio. */
export interface Sentence {
  text: string;
  start?: number;
  end?: number;
  speaker?: string;
}

/** A longer sentence is split by default, so that each part has times of its own and fits in a model. */
const LONGEST_CHARACTERS = 240;
/** A longer pause ends a sentence. In seconds. */
const PAUSE_S = 2;
/** Most characters that are split at once, so that text without an end costs no more. */
const MOST_AT_ONCE = 20_000;

/** Characters from `from` to `to` of a text are said from `start` to `end`. */
interface Anchor {
  from: number;
  to: number;
  start: number;
  end: number;
}

/** Stretches of one speaker without a pause, as one text. */
interface Turn {
  text: string;
  speaker?: string;
  anchors: Anchor[];
  /** Where stretches end. */
  joints: number[];
  end?: number;
}

/**
 * Splits a transcript into sentences. A sentence may begin in one stretch and end in another.
 *
 * @param longest characters of a sentence that is not split
 */
export function sentences(stretches: readonly Stretch[], longest = LONGEST_CHARACTERS): Sentence[] {
  return turns(stretches).flatMap((turn) => {
    let from = 0;
    let anchor = 0;
    return ends(turn, longest).flatMap((to): Sentence[] => {
      const text = turn.text.slice(from, to).trim();
      while (anchor < turn.anchors.length - 1 && (turn.anchors[anchor]?.to ?? 0) <= from) anchor += 1;
      const times = timesOf(turn.anchors, anchor, from, to);
      from = to;
      // Punctuation alone says nothing.
      if (!/[\p{L}\p{N}]/u.test(text)) return [];
      return [{ text, ...times, ...(turn.speaker !== undefined && { speaker: turn.speaker }) }];
    });
  });
}

function turns(stretches: readonly Stretch[]): Turn[] {
  const found: Turn[] = [];
  for (const stretch of stretches) {
    const text = clean(stretch.text.toWellFormed());
    if (text === '') continue;
    const before = found.at(-1);
    const turn = before !== undefined && continues(before, stretch) ? before : newTurn(stretch, found);
    if (turn.text !== '') {
      turn.joints.push(turn.text.length);
      if (!isIdeographic(last(turn.text)) || !isIdeographic(first(text))) turn.text += ' ';
    }
    turn.anchors.push(...anchorsOf(stretch, text, turn.text.length));
    turn.text += text;
    turn.end = stretch.end;
  }
  return found;
}

function newTurn({ speaker }: Stretch, found: Turn[]): Turn {
  const turn: Turn = { text: '', speaker, anchors: [], joints: [] };
  found.push(turn);
  return turn;
}

const continues = ({ text, speaker, end }: Turn, next: Stretch): boolean =>
  next.isApart !== true &&
  next.speaker === speaker &&
  text.length < MOST_AT_ONCE &&
  (end === undefined || next.start === undefined || next.start - end <= PAUSE_S);

function anchorsOf({ words = [], start, end }: Stretch, text: string, offset: number): Anchor[] {
  const found: Anchor[] = [];
  let at = 0;
  for (const each of words) {
    const word = clean(each.word.toWellFormed());
    const place = word === '' ? -1 : text.indexOf(word, at);
    if (place < 0) continue;
    at = place + word.length;
    found.push({ from: offset + place, to: offset + at, start: each.start, end: each.end });
  }
  if (found.length > 0 || start === undefined || end === undefined) return found;
  return [{ from: offset, to: offset + text.length, start, end }];
}

/** Where the sentences of a turn end. */
function ends({ text, joints }: Turn, longest: number): number[] {
  const found: number[] = [];
  let from = 0;
  for (const to of sentenceEnds(text)) {
    while (to - from > longest) found.push((from = cut(text, from, joints, longest)));
    found.push((from = to));
  }
  return found;
}

const segmenter = new Intl.Segmenter(undefined, { granularity: 'sentence' });

/** Unicode's sentence ends (UAX #29), without those after titles and initials. */
function sentenceEnds(text: string): number[] {
  const found = [...segmenter.segment(text)].map(({ index, segment }) => index + segment.length);
  return found.filter((end) => {
    if (end === text.length) return true;
    const word = /\S+\s*$/u.exec(text.slice(Math.max(0, end - 100), end))?.[0].trim() ?? '';
    const following = /^\S*/u.exec(text.slice(end, end + 100))?.[0] ?? '';
    return mark(word, ` ${following}`) === 'sentence';
  });
}

/** Where to cut a text that is too long: at the end of a stretch, of a clause, of a word. */
function cut(text: string, from: number, joints: readonly number[], longest: number): number {
  const most = from + longest;
  const joint = joints.findLast((each) => each > from && each <= most);
  if (joint !== undefined) return joint;
  const part = text.slice(from, most);
  const clause = Math.max(...[', ', '; ', ': ', '、', '，'].map((each) => part.lastIndexOf(each)));
  if (clause > longest / 3) return from + clause + 1;
  const space = part.lastIndexOf(' ');
  if (space > 0) return from + space;
  // A surrogate pair stays whole.
  return /[\ud800-\udbff]$/.test(part) ? most - 1 : most;
}

function timesOf(
  anchors: readonly Anchor[],
  index: number,
  from: number,
  to: number,
): { start?: number; end?: number } {
  const opening = anchors[index];
  if (opening === undefined || opening.to <= from || opening.from >= to) return {};
  let closing = opening;
  for (let next = index + 1; next < anchors.length && (anchors[next]?.from ?? to) < to; next++)
    closing = anchors[next] ?? closing;
  const start = at(opening, Math.max(from, opening.from));
  return { start, end: Math.max(start, at(closing, Math.min(to, closing.to))) };
}

/** Time of a character, to the millisecond. */
function at({ from, to, start, end }: Anchor, place: number): number {
  const share = to === from ? 0 : (place - from) / (to - from);
  return Math.round((start + share * (end - start)) * 1000) / 1000;
}
