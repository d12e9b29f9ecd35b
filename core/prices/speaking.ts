import { machineCost } from './rates';

/** How speech relates to its text. */
export interface Speaking {
  /** Dollars per hour of a machine. */
  perHour: number;
  /** Seconds of speech that the machine makes in a second. */
  realTimeFactor: number;
  /** Characters of text for a second of speech. */
  charactersPerSecond: number;
}

/** Dollars for an hour of speech, while the machine works without a pause. */
export const speechHourCost = ({ perHour, realTimeFactor }: Speaking): number =>
  machineCost(perHour, 3600 / realTimeFactor);

/** Dollars for a million characters, while the machine works without a pause. */
export const charactersCost = (speaking: Speaking): number =>
  (speechHourCost(speaking) * 1e6) / (3600 * speaking.charactersPerSecond);

/** Dollars that an API which is paid per character takes for an hour of speech. */
export const apiHourCost = (perMillionCharacters: number, charactersPerSecond: number): number =>
  (perMillionCharacters * 3600 * charactersPerSecond) / 1e6;

/**
 * Characters for which own machines cost as much as an API that is paid per character. More
 * characters are cheaper on own machines.
 *
 * @param fixed dollars that do not depend on the characters
 * @returns undefined if own machines cost more per character, so that no number is enough
 */
export function charactersOfApiCost(
  fixed: number,
  speaking: Speaking,
  apiPerMillionCharacters: number,
): number | undefined {
  const saved = apiPerMillionCharacters - charactersCost(speaking);
  return saved > 0 ? (1e6 * fixed) / saved : undefined;
}
