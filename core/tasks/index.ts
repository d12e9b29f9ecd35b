import { TASK_NAMES, type TaskName } from '../contract/names';
import type { JobTasks } from '../contract/tasks';
import { analysis } from './analysis';
import { custom } from './custom';
import { embedding } from './embedding';
import type { Task, TaskOptions } from './task';
import { speech } from './speech';
import { transcription } from './transcription';

/** The registry of tasks. A new task is one file in this folder and one entry here. */
export const TASKS: { readonly [N in TaskName]: Task<N> } = {
  transcription,
  analysis,
  embedding,
  speech,
  custom,
};

/** All tasks, the deciding ones first: the order of their results and degradations. */
export const ALL_TASKS: readonly Task[] = TASK_NAMES.map((name) => TASKS[name] as Task);

/** The tasks of a job with their options, in the order of {@link ALL_TASKS}. */
export const tasksIn = (tasks: JobTasks): { task: Task; options: TaskOptions<TaskName> }[] =>
  ALL_TASKS.flatMap((task) => {
    const options = tasks[task.name];
    return options === undefined ? [] : [{ task, options }];
  });
