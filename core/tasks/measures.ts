import type { TaskName, Unit } from '../contract/names';
import type { DeployedTasks } from '../contract/tasks';
import type { Measures } from '../contract/values';
import { ALL_TASKS } from '.';
import type { Results } from './task';

/** The unit of the first task of a deployment. */
export function unitOf(tasks: DeployedTasks): Unit {
  const first = ALL_TASKS.find(({ name }) => tasks[name] !== undefined);
  return first?.unit ?? tasks.custom?.unit ?? 'item';
}

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
