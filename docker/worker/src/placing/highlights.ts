import type { Evidence, Highlight } from '../../../../core/contract/work/analysis';
import type { SpokenSentences } from './spoken-sentences';

/**
 * Length of a passage in seconds. The bounds are a choice, for clips that are shared: shorter ones say little, and
 * longer ones are not allowed everywhere.
 */
const SECONDS = { least: 10, most: 90 };
/** Silence before and after the words, because the times of words are estimates. At most half of the pause. */
const MARGIN_SECONDS = 0.2;
/** A passage is not extended over a longer pause. */
const PAUSE_SECONDS = 5;

/** Sentences from one index to another, inclusive. */
interface Range {
  first: number;
  last: number;
}

/**
 * Highlights with positions: whole sentences, from that of the first words to that of the last words. A passage
 * that is too long loses its last sentences, and one that is too short gets the neighbouring ones. A passage that
 * overlaps a better one is left out. Those whose words were not found come last, without a position.
 *
 * @param highlights the best one first, with located evidence
 * @param duration of the recording in seconds
 */
export function placeHighlights(
  highlights: readonly Highlight[],
  sentences: SpokenSentences,
  duration: number,
): Highlight[] {
  const placed: (Highlight & { start: number; end: number })[] = [];
  const unplaced: Highlight[] = [];
  for (const highlight of highlights) {
    const range = rangeOf(highlight, sentences);
    if (range === undefined) unplaced.push(highlight);
    else {
      const times = timesOf(range, sentences, duration);
      if (placed.every(({ start, end }) => times.end <= start || end <= times.start))
        placed.push({ ...highlight, ...times });
    }
  }
  return [...placed, ...unplaced];
}

function rangeOf({ evidence }: Highlight, sentences: SpokenSentences): Range | undefined {
  const [beginning, ending] = evidence;
  const begun = indicesOf(beginning, sentences);
  const ended = indicesOf(ending, sentences);
  if (begun === undefined) return ended && extended(ended, sentences, [-1, 1]);
  const range = { ...begun };
  // Words that were found before the beginning, or too far after it, are not those that end the passage.
  if (ended !== undefined && seconds({ ...begun, last: ended.last }, sentences) <= SECONDS.most)
    range.last = Math.max(begun.last, ended.last);
  while (range.last > range.first && seconds(range, sentences) > SECONDS.most) range.last -= 1;
  return extended(range, sentences, [1, -1]);
}

/** The sentences of words that were found. */
function indicesOf(words: Evidence | undefined, sentences: SpokenSentences): Range | undefined {
  const { start, end, segments = [] } = words ?? {};
  if (start === undefined || end === undefined) return undefined;
  const first = sentences.at(start, segments[0]);
  const after = sentences.all.findIndex(({ start: next }) => next >= end);
  const last = Math.max(first, (after < 0 ? sentences.all.length : after) - 1);
  return first < 0 ? undefined : { first, last };
}

/** Adds sentences until the passage is long enough: after it (1) or before it (-1), in this order. */
function extended(range: Range, sentences: SpokenSentences, sides: readonly (1 | -1)[]): Range {
  if (seconds(range, sentences) >= SECONDS.least) return range;
  const { first, last } = range;
  for (const side of sides) {
    const wider = side === 1 ? { first, last: last + 1 } : { first: first - 1, last };
    const [left, right] = side === 1 ? [last, last + 1] : [first - 1, first];
    const [before, after] = [sentences.all[left], sentences.all[right]];
    if (before === undefined || after === undefined || after.start - before.end > PAUSE_SECONDS) continue;
    if (seconds(wider, sentences) <= SECONDS.most) return extended(wider, sentences, sides);
  }
  return range;
}

/** Length of a range in seconds, negative if it ends before it begins. */
function seconds({ first, last }: Range, { all }: SpokenSentences): number {
  return (all[last]?.end ?? 0) - (all[first]?.start ?? 0);
}

function timesOf({ first, last }: Range, { all }: SpokenSentences, duration: number) {
  const start = all[first]!.start;
  const end = Math.max(...all.slice(first, last + 1).map((each) => each.end));
  const before = start - (all[first - 1]?.end ?? 0);
  const after = (all[last + 1]?.start ?? duration) - end;
  return { start: rounded(start - margin(before)), end: rounded(end + margin(after)) };
}

const margin = (pause: number) => Math.min(MARGIN_SECONDS, Math.max(0, pause / 2));

/** To the millisecond. */
const rounded = (time: number) => Math.round(time * 1000) / 1000;
