import type { Unit } from '../contract/names';
import type { Measures } from '../contract/values';
import { workSeconds } from './list-scheduling';

/**
 * Units of work that a machine does in a second, until it is known better. Audio: the lower end of what Whisper's turbo
 * model reaches on a T4. The others are low guesses, so that a first job is not thought short.
 */
export const DEFAULT_SPEED: Record<Unit, number> = {
  audio_second: 40,
  token: 2_000,
  character: 100,
  item: 0.1,
};

/** Units of work in a byte of input, until it is known better. Audio: 64 kbit/s. Text: English. */
export const DEFAULT_DENSITY: Record<Unit, number> = {
  audio_second: 1 / 8_000,
  token: 1 / 4,
  character: 1,
  item: 1 / 1_000_000,
};

/** Work of a job of which nothing is known, in seconds: an hour of audio at the default speed. */
export const UNKNOWN_SECONDS = 90;

/** What was learnt of the machines of a fleet. */
export interface Rates {
  /** Units of work in a second. */
  speeds: Measures;
  /** Units of work in a byte of input. */
  densities: Measures;
}

/**
 * Seconds that a machine works on a job, from what was measured of its input, or else from its size.
 *
 * @param unit of the path's jobs, for a job that was not measured
 * @returns undefined if nothing is known of the input
 */
export function estimatedSeconds(
  job: { estimate?: Measures; input_bytes?: number },
  { speeds, densities }: Rates,
  unit: Unit,
): number | undefined {
  const ofUnit = (each: Unit, amount: number) => workSeconds(amount, speeds[each] ?? DEFAULT_SPEED[each]);
  const measured = Object.entries(job.estimate ?? {}) as [Unit, number][];
  if (measured.length > 0) return Math.max(...measured.map(([each, amount]) => ofUnit(each, amount)));
  if (job.input_bytes === undefined) return undefined;
  return ofUnit(unit, job.input_bytes * (densities[unit] ?? DEFAULT_DENSITY[unit]));
}
