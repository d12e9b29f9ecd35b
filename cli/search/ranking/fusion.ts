/**
 * Rank constant of reciprocal rank fusion: Cormack, Clarke and Büttcher 2009, "Reciprocal Rank Fusion outperforms
 * Condorcet and individual Rank Learning Methods", who found 60 best.
 */
const K = 60;

/**
 * Fuses rankings into one, best first: the score of an item is the sum of 1 / (60 + rank) over the rankings that contain
 * it. Of items with the same score, the one of the first ranking comes first.
 */
export function fused<T>(...rankings: readonly (readonly T[])[]): T[] {
  const scores = new Map<T, number>();
  for (const ranking of rankings) {
    ranking.forEach((item, index) => scores.set(item, (scores.get(item) ?? 0) + 1 / (K + index + 1)));
  }
  return [...scores].sort(([, one], [, other]) => other - one).map(([item]) => item);
}
