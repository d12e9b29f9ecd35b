/** Percentile by nearest rank. @param share from 0 to 1 */
export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((one, other) => one - other);
  const value = sorted[rank(sorted.length, share) - 1];
  if (value === undefined) throw new Error('Cannot compute a percentile without values');
  return value;
}

/** How many of `count` values are not above the percentile by nearest rank. */
export const rank = (count: number, share: number): number => Math.ceil(share * count - 1e-9);

export const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;
