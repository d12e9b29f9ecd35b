import { z } from 'zod';
import { type Figure, median } from '../figure';

/** Seconds from the start to the readable transcript, and to both results. */
const took = z.object({ transcript: z.number().positive(), total: z.number().positive() });
export type Took = z.infer<typeof took>;

/** Durations of the same work by round: sequential (whisper, then Voxtral) and concurrent. */
export const rounds = z.object({ in_turn: z.array(took).min(1), at_once: z.array(took).min(1) });
export type Rounds = z.infer<typeof rounds>;

/**
 * Ratio of the time to the transcript with and without concurrent Voxtral.
 *
 * @param name - name of the benchmark
 * @param target - maximum acceptable ratio; undefined for none
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

/**
 * Ratio of concurrent to sequential time for both results. Parameters as in `transcriptFigures`.
 */
export function totalFigures(name: string, { in_turn, at_once }: Rounds, target?: number): Figure[] {
  const inTurn = median(in_turn.map(({ total }) => total));
  const atOnce = median(at_once.map(({ total }) => total));
  return [
    { name: `${name}: both beside one after the other`, value: atOnce / inTurn, unit: '×', target },
    { name: `${name}: … both at once`, value: atOnce, unit: 's' },
    { name: `${name}: … one after the other`, value: inTurn, unit: 's' },
  ];
}
