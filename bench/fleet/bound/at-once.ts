import type { Window } from './chain';

/**
 * Least number of machines that start all but `late` of jobs that arrive at once within `wait`.
 *
 * A lower bound: each machine may start one job at the very end of the wait, so the longest ones do
 * not count, and the others are divided without waste.
 */
export function machinesAtOnce(jobs: readonly Window[], wait: number, late: number): number {
  const works = jobs.map(({ work }) => work).sort((one, other) => one - other);
  const required = works.length - late;
  let sum = works.slice(0, required).reduce((total, work) => total + work, 0);
  for (let machines = 1; machines < required; machines++) {
    sum -= works[required - machines]!;
    if (machines * wait >= sum) return machines;
  }
  return required;
}
