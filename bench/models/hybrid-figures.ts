import { z } from 'zod';
import { type Figure, median } from '../figure';

/** Seconds from the beginning until the transcript can be read, and until both results are there. */
const took = z.object({ transcript: z.number().positive(), total: z.number().positive() });
export type Took = z.infer<typeof took>;

/** The same work in both ways, round by round: whisper alone and then Voxtral alone, or both at once. */
export const rounds = z.object({ in_turn: z.array(took).min(1), at_once: z.array(took).min(1) });
export type Rounds = z.infer<typeof rounds>;

/**
 * How much longer a transcript takes when Voxtral works beside whisper.
 *
 * @param name - of the benchmark
 * @param target - largest ratio that is good enough; undefined for none
 */
export function transcriptFigures(name: string, { in_turn, at_once }: Rounds, target?: number): Figure[] {
  const alone = median(in_turn.map(({ transcript }) => transcript));
  const beside = median(at_once.map(({ transcript }) => transcript));
  return [
    { name: `${name}: transcript beside whisper alone`, value: beside / alone, unit: '×', target },
    { name: `${name}: … at once with the analysis`, value: beside, unit: 's' },
    { name: `${name}: … of whisper alone`, value: alone, unit: 's' },
  ];
}

/** How much of the time of one after the other is enough for both results. Parameters as `transcriptFigures`. */
export function totalFigures(name: string, { in_turn, at_once }: Rounds, target?: number): Figure[] {
  const inTurn = median(in_turn.map(({ total }) => total));
  const atOnce = median(at_once.map(({ total }) => total));
  return [
    { name: `${name}: both beside one after the other`, value: atOnce / inTurn, unit: '×', target },
    { name: `${name}: … both at once`, value: atOnce, unit: 's' },
    { name: `${name}: … one after the other`, value: inTurn, unit: 's' },
  ];
}
