/** Days of an average month. */
export const DAYS_A_MONTH = 365.25 / 12;

/** Hours of an average month. */
export const HOURS_A_MONTH = 24 * DAYS_A_MONTH;

/** Hours of an average month, of a number of hours a week. */
export const hoursAMonth = (hoursAWeek: number): number => (hoursAWeek * DAYS_A_MONTH) / 7;

/** Dollars for some seconds of a machine. */
export const machineCost = (perHour: number, seconds: number): number => (perHour * seconds) / 3600;

/** Dollars for a million tokens, while the machine works without a pause. */
export const tokensCost = (perHour: number, tokensPerSecond: number): number =>
  machineCost(perHour, 1e6 / tokensPerSecond);
