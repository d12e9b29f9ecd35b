import type { Segment } from '../contract/work/transcript';
import { clean, clings, mark, type Mark, width } from './characters';
import { joined, spoken, type Spoken } from './cue-words';

/**
 * Silence that no cue spans, in milliseconds: a breath within a sentence is mostly shorter, and words that show long
 * before they are said give away what comes.
 */
const LONG_PAUSE = 800;

/** Words that stay on one line: mostly one. */
export interface Unit {
  words: Spoken[];
  start: number;
  end: number;
  /** Columns, without the space before it. */
  width: number;
  /** Columns between it and the unit before, 0 or 1. */
  space: number;
  mark: Mark;
}

/** Units of one speaker by ascending start, with less than a long pause between them; at least one. */
export interface Run {
  speaker: string | undefined;
  start: number;
  units: Unit[];
}

/**
 * All words of the segments, by ascending start of their runs. Runs overlap where the speech does.
 *
 * Twin of `formats/runs.py` in the whisper service.
 */
export function runs(segments: readonly Segment[], lineWidth: number): Run[] {
  const found: Run[] = [];
  for (const segment of segments) {
    const name = clean(segment.speaker ?? '');
    const speaker = name === '' ? undefined : name;
    for (const unit of units(spoken(segment, lineWidth), lineWidth)) {
      const run = found.at(-1);
      const last = run?.speaker === speaker ? run?.units.at(-1) : undefined;
      if (last !== undefined && last.start <= unit.start && unit.start < last.end + LONG_PAUSE) {
        run?.units.push(unit);
      } else {
        found.push({ speaker, start: unit.start, units: [unit] });
      }
    }
  }
  return found.sort((a, b) => a.start - b.start);
}

/** A segment's units. The last one ends a sentence: not all engines write punctuation. */
function units(words: readonly Spoken[], lineWidth: number): Unit[] {
  const parts: Spoken[][] = [];
  for (const word of words) {
    const part = parts.at(-1);
    if (part !== undefined && stayTogether(part, word, lineWidth)) part.push(word);
    else parts.push([word]);
  }
  let following: string | undefined;
  return parts
    .reverse()
    .map((part) => {
      const text = joined(part);
      const end = mark(text, following);
      const unit: Unit = {
        words: part,
        start: part[0]!.start,
        end: part.at(-1)!.end,
        width: width(text),
        space: part[0]!.spaced ? 1 : 0,
        mark: following === undefined && end !== 'clause' ? 'sentence' : end,
      };
      following = part[0]!.spaced ? ` ${text}` : text;
      return unit;
    })
    .reverse();
}

function stayTogether(part: readonly Spoken[], after: Spoken, lineWidth: number): boolean {
  const before = part.at(-1)!;
  return (
    !after.spaced &&
    clings(before.text, after.text) &&
    after.start - before.end < LONG_PAUSE &&
    width(joined([...part, after])) <= lineWidth
  );
}
