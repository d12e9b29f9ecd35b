import type { Window } from './chain';

/**
 * Least number of machines for very many jobs, as a lower bound: all jobs but the longest `late` ones
 * are done between the first arrival and the latest possible end.
 */
export function machinesForMany(jobs: readonly Window[], late: number): number {
  const works = jobs.map(({ work }) => work).sort((one, other) => one - other);
  const required = works.slice(0, works.length - late);
  const from = jobs.reduce((least, { arrival }) => Math.min(least, arrival), Infinity);
  const to = jobs.reduce((most, { due, work }) => Math.max(most, due + work), 0);
  return Math.ceil(required.reduce((sum, work) => sum + work, 0) / (to - from));
}
