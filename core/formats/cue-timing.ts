import { joinedWidth } from './cue-lines';
import type { Unit } from './cue-runs';

/**
 * When cues come and go, in milliseconds. Twin of `formats/timing.py` in the whisper service.
 *
 * The figures come from Netflix's timed-text style guides, the general and the English: 5/6 of a second, 7 seconds, two
 * frames of film at 24 a second, 20 characters a second for adults.
 */
const MIN_DURATION = 833;
export const MAX_DURATION = 7000;
export const MIN_GAP = 83;
const MS_PER_COLUMN = 1000 / 20;

/** The units of a cue with its time. */
export interface Block {
  speaker: string | undefined;
  units: Unit[];
  start: number;
  end: number;
}

/** How long a cue of that many columns should stand. */
export const readingTime = (columns: number) =>
  Math.min(Math.max(columns * MS_PER_COLUMN, MIN_DURATION), MAX_DURATION);

/**
 * The blocks in their order, without overlaps, and long enough to be read where there is room.
 *
 * @param blocks by ascending start, with the times of their words
 * @param end of the audio: no block starts or ends after it, if it has a millisecond for each
 */
export function inTime(blocks: readonly Block[], end: number): Block[] {
  const distinct = apart(blocks, end);
  return distinct.map((block, index) => {
    const long = lengthened(block, distinct[index + 1]?.start);
    return { ...long, end: Math.max(Math.min(long.end, end), block.start + 1) };
  });
}

/**
 * Ends a cue where the next one starts, but delays that one until the cue has had its least time. Where the audio ends
 * before all have had it, they share what is left.
 */
function apart(blocks: readonly Block[], latest: number): Block[] {
  const found: Block[] = [];
  for (const [index, block] of blocks.entries()) {
    const left = blocks.length - index;
    // Two frames for each that is left, where the audio is long enough: less cannot be seen.
    let start = Math.max(Math.min(block.start, latest - left * MIN_GAP), 0);
    const before = found.at(-1);
    if (before !== undefined && before.end > start) {
      const share = Math.max(Math.floor((latest - before.start) / (left + 1)), 1);
      start = Math.max(start, Math.min(before.end, before.start + Math.min(MIN_DURATION, share)));
      before.end = start;
    }
    const own = Math.max(Math.min(block.end - block.start, MIN_DURATION), 1);
    found.push({ ...block, start, end: Math.min(Math.max(block.end, start + own), start + MAX_DURATION) });
  }
  return found;
}

/**
 * Stays to be read, and goes two frames before the next one: the eye takes cues without a gap for one. A cue that would
 * get shorter than the minimum by that gap keeps the time of its words instead.
 */
function lengthened(block: Block, following: number | undefined): Block {
  const wanted = Math.max(block.end, block.start + readingTime(joinedWidth(block.units)));
  if (following === undefined || wanted <= following - MIN_GAP) return { ...block, end: wanted };
  const kept = Math.min(block.end, block.start + MIN_DURATION);
  return { ...block, end: Math.max(following - MIN_GAP, kept) };
}
