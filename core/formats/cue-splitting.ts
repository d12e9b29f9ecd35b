import type { Mark } from './characters';
import { fitting, type Layout } from './cue-lines';
import type { Unit } from './cue-runs';
import { MAX_DURATION, MIN_GAP, readingTime } from './cue-timing';

/** A silence that can be heard, in milliseconds: better than nothing to part cues by. */
const PAUSE = 300;

/** Costs of a cue, against each other. They were set by eye, on the files in `test/fixtures/formats`. */
const BREAK: Record<Mark, number> = { sentence: 0, clause: 25, none: 100, clinging: 130 };
const BREAK_AT_PAUSE = 40;
const SENTENCE_WITHIN = 50;
const MS_OF_PAUSE_WITHIN = 20;
const MS_TOO_SHORT = 5;

/**
 * Parts a run into cues at the least cost, and gives the units of each.
 *
 * A cue ends best with a sentence, then with a clause, then at a pause; it is filled well, holds no end of a sentence
 * and no pause, and can be read before the next one begins: cues too short for that cost more than a merged one. No cue
 * is wider than its lines or longer than {@link MAX_DURATION}, but for a single unit.
 *
 * Twin of `formats/splitting.py` in the whisper service.
 *
 * @param units of one run
 * @param prefixes columns kept free for a prefix, in the first cue and in later ones
 * @param following milliseconds at which the next run starts; undefined if none does
 */
export function split(
  units: readonly Unit[],
  prefixes: { first: number; later: number },
  following: number | undefined,
  layout: Layout,
): Unit[][] {
  // cheapest[n]: the least cost of the first n units, and where the last cue of it begins.
  const cheapest = [
    { cost: 0, first: 0 },
    ...units.map((): { cost: number; first: number } => ({ cost: Infinity, first: 0 })),
  ];
  units.forEach(({ start }, first) => {
    const prefix = first === 0 ? prefixes.first : prefixes.later;
    const end = first + fitting(units, first, prefix, layout);
    let [within, columns] = [0, 0];
    for (let last = first; last < end; last += 1) {
      const unit = units[last]!;
      if (last > first) {
        if (unit.end - start > MAX_DURATION) break;
        within += costWithin(units[last - 1]!, unit);
        columns += unit.space;
      }
      columns += unit.width;
      const after = units[last + 1];
      const cost =
        cheapest[first]!.cost +
        within +
        fillCost(columns, layout) +
        tooShortCost(start, columns, after?.start ?? following) +
        (after === undefined ? 0 : breakCost(unit, after));
      if (cost < cheapest[last + 1]!.cost) cheapest[last + 1] = { cost, first };
    }
  });
  const cues: Unit[][] = [];
  for (let end = units.length; end > 0; end = cheapest[end]!.first) {
    cues.push(units.slice(cheapest[end]!.first, end));
  }
  return cues.reverse();
}

function costWithin(before: Unit, after: Unit): number {
  const pause = after.start - before.end;
  return (
    (before.mark === 'sentence' ? SENTENCE_WITHIN : 0) +
    (pause >= PAUSE ? Math.floor(pause / MS_OF_PAUSE_WITHIN) : 0)
  );
}

function breakCost(before: Unit, after: Unit): number {
  const cost = BREAK[before.mark];
  return after.start - before.end >= PAUSE ? Math.min(cost, BREAK_AT_PAUSE) : cost;
}

/** 0 for a full cue to 35 for an empty one, by squares: two of like length cost less than unequal ones. */
function fillCost(columns: number, { maxLineWidth, maxLineCount }: Layout): number {
  const room = maxLineWidth * maxLineCount;
  const empty = Math.floor((100 * Math.max(room - columns, 0)) / room);
  return Math.floor((empty * empty) / 280);
}

function tooShortCost(start: number, columns: number, following: number | undefined): number {
  if (following === undefined) return 0;
  return Math.floor(Math.max(start + readingTime(columns) - (following - MIN_GAP), 0) / MS_TOO_SHORT);
}
