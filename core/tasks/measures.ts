import type { TaskName, Unit } from '../contract/names';
import type { Measures } from '../contract/values';
import { ALL_TASKS } from '.';
import type { Results } from './task';

/**
 * The work of a job by unit. Tasks with the same unit work on the same input, so the largest measure
 * counts.
 *
 * @param units the unit of each task
 */
export function measuresOf(results: Results, units: Partial<Record<TaskName, Unit>>): Measures {
  const measures: Measures = {};
  for (const task of ALL_TASKS) {
    const result = results[task.name];
    const unit = units[task.name];
    if (result === undefined || unit === undefined) continue;
    measures[unit] = Math.max(measures[unit] ?? 0, task.measure(result));
  }
  return measures;
}
