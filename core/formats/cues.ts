import type { Segment } from '../contract/work/transcript';
import { width } from './characters';
import { type Layout, lines } from './cue-lines';
import { type Run, runs } from './cue-runs';
import { split } from './cue-splitting';
import { type Block, inTime } from './cue-timing';
import { milliseconds, type Spoken } from './cue-words';

/** What is shown from `start` to `end`, in milliseconds. */
export interface Cue {
  start: number;
  end: number;
  /** The words of each line; the first line may be empty, for a speaker's name alone. */
  lines: Spoken[][];
  /** Who speaks, where that is known. */
  speaker: string | undefined;
  /** The speaker is another than that of the cue before, and is known. */
  named: boolean;
  /** Number of the word to underline, counted from 0 through all lines. */
  highlight?: number;
}

/**
 * Cues by ascending start: none overlaps another, each ends after it starts.
 *
 * A cue starts with its first word. It starts later only where people speak at once and the cue before it still needs
 * its time, and earlier only at the end of the audio, so that it can be seen. It holds words of one speaker and no long
 * pause.
 *
 * Twin of `formats/cues.py` in the whisper service.
 *
 * @param prefixes keeps room for {@link prefix} in cues that are named
 * @param duration of the audio in seconds: no cue stays longer, not even to be read
 */
export function cues(
  segments: readonly Segment[],
  layout: Layout,
  prefixes: boolean,
  duration: number,
): Cue[] {
  const blocks = inTime(
    blocksOf(runs(segments, layout.maxLineWidth), layout, prefixes),
    milliseconds(duration),
  );
  const found = blocks.map(({ speaker, units, start, end }, index): Cue => {
    const named = speaker !== undefined && (index === 0 || blocks[index - 1]?.speaker !== speaker);
    const room = named && prefixes ? width(prefix(speaker)) : 0;
    const rows = lines(units, room, layout).map((line) => line.flatMap(({ words }) => words));
    return { start, end, lines: rows, speaker, named };
  });
  return layout.highlightWords ? found.flatMap(highlighted) : found;
}

/** What names the speaker before the words. */
export const prefix = (speaker: string | undefined) => (speaker === undefined ? '' : `${speaker}: `);

/**
 * The runs' cues by ascending start, with the times of their words. Where runs overlap, their cues alternate and any
 * may have to be named; so may the first one after them.
 */
function blocksOf(found: readonly Run[], layout: Layout, prefixes: boolean): Block[] {
  const crowded = crowdedRuns(found);
  return found
    .flatMap(({ speaker, units }, index) => {
      const room = prefixes ? width(prefix(speaker)) : 0;
      const first = index === 0 || crowded.has(index - 1) || found[index - 1]?.speaker !== speaker;
      const rooms = { first: first || crowded.has(index) ? room : 0, later: crowded.has(index) ? room : 0 };
      return split(units, rooms, found[index + 1]?.start, layout).map((part): Block => ({
        speaker,
        units: part,
        start: part[0]!.start,
        end: part.at(-1)!.end,
      }));
    })
    .sort((a, b) => a.start - b.start);
}

/** Which runs overlap another one. */
function crowdedRuns(found: readonly Run[]): Set<number> {
  const crowded = new Set<number>();
  let latest = { index: 0, end: 0 };
  found.forEach(({ start, units }, index) => {
    if (start < latest.end) crowded.add(latest.index).add(index);
    const end = units.reduce((most, unit) => Math.max(most, unit.end), 0);
    if (end > latest.end) latest = { index, end };
  });
  return crowded;
}

/**
 * The cue once for each of its words, from that word's start to the next one's. Each gets a millisecond at least; where
 * there are more words than milliseconds, the first get none.
 */
function highlighted(cue: Cue): Cue[] {
  const words = cue.lines.flat();
  let before = cue.start;
  const starts = words.map(({ start }, index) => {
    const latest = Math.max(cue.end - (words.length - index), before);
    if (index > 0) before = Math.min(Math.max(start, before + 1), latest);
    return before;
  });
  return starts
    .map((start, index) => ({ ...cue, start, end: starts[index + 1] ?? cue.end, highlight: index }))
    .filter(({ start, end }) => end > start);
}
