import type { Match } from './keywords';
import type { Nearness, Place } from './nearness';

/**
 * How much the more similar neighbour of a sentence counts, compared with the sentence itself. An answer often follows a
 * sentence that names the subject. Measured, as the next one: see docs/search.md.
 */
const NEIGHBOUR = 0.2;

/**
 * How much the best match of the question's words counts, compared with the range of the similarities. The models of
 * deployments differ in that range.
 */
const WORDS = 0.15;

/** Below this range, all sentences are alike to the model, and the words decide. */
const LEAST_RANGE = 0.05;

/**
 * Ids of sentences, best first. The score of a sentence is a weighted sum of its similarity, its neighbours' similarity and the
 * relevance of its words. Bruch, Gai and Ingber 2023, "An Analysis of Fusion Functions for Hybrid Retrieval", find such a
 * sum better than a fusion of ranks, which ignores how much better the best sentence is.
 *
 * @param nearest the most similar sentences, best first
 */
export function ranked(nearness: Nearness, nearest: readonly Place[], matches: readonly Match[]): number[] {
  const [first, last] = [nearest[0], nearest.at(-1)];
  const range = first === undefined || last === undefined ? 0 : nearness.of(first) - nearness.of(last);
  const words = WORDS * Math.max(range, LEAST_RANGE);
  const relevances = new Map(matches.map(({ id, relevance }) => [id, relevance]));
  const scores = new Map<number, number>();
  const score = (document: number, position: number) => {
    const id = nearness.idAt(document, position);
    if (id === undefined || scores.has(id)) return;
    const neighbours = [position - 1, position + 1].map((each) =>
      Math.max(0, nearness.of({ document, position: each })),
    );
    scores.set(
      id,
      nearness.of({ document, position }) +
        NEIGHBOUR * Math.max(...neighbours) +
        words * (relevances.get(id) ?? 0),
    );
  };
  for (const { document, position } of nearest)
    for (const near of [position, position - 1, position + 1]) score(document, near);
  for (const { document, position } of matches) score(document, position);
  return [...scores].sort(([, one], [, other]) => other - one).map(([id]) => id);
}
