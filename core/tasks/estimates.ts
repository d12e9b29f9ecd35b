import type { Unit } from '../contract/names';
import type { Measures } from '../contract/values';
import { UNIT } from '../usage/units';

/** What is known of an input before the work. */
export interface InputSize {
  bytes: number;
  /** Duration by its headers. @default - not measured */
  seconds?: number;
}

/**
 * Estimates the work in an input. A unit that would need a duration is missing if the duration is
 * not known.
 *
 * @param maxSeconds longest audio of the deployment
 * @returns undefined if nothing can be estimated
 */
export function estimateOf(
  units: readonly Unit[],
  { bytes, seconds }: InputSize,
  maxSeconds: number,
): Measures | undefined {
  const known = units.filter((unit) => !UNIT[unit].isDuration || seconds !== undefined);
  if (known.length === 0) return undefined;
  const estimates = known.map((unit) => [
    unit,
    UNIT[unit].isDuration ? Math.min(seconds ?? 0, maxSeconds) : byBytes(unit, bytes),
  ]);
  return Object.fromEntries(estimates) as Measures;
}

/**
 * The quota to reserve for an input: the estimate, or a guess by bytes. Without the guess, recordings
 * that cannot be measured would not count until they are done.
 *
 * @param maxSeconds as in {@link estimateOf}
 */
export const reservationOf = (
  units: readonly Unit[],
  bytes: number,
  estimate: Measures = {},
  maxSeconds: number,
): Measures =>
  Object.fromEntries(
    units.map((unit) => {
      const guess = byBytes(unit, bytes);
      return [unit, estimate[unit] ?? (UNIT[unit].isDuration ? Math.min(guess, maxSeconds) : guess)];
    }),
  );

/** Whether the work in an input can only be estimated by its duration. */
export const needsDuration = (units: readonly Unit[]): boolean => units.some((unit) => UNIT[unit].isDuration);

function byBytes(unit: Unit, bytes: number): number {
  const { bytesPerUnit } = UNIT[unit];
  return bytesPerUnit === undefined ? 1 : Math.ceil(bytes / bytesPerUnit);
}
