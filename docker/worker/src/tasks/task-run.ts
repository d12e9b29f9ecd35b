import type { JobRow } from '../../../../core/contract/job';
import type { TaskName } from '../../../../core/contract/names';
import type { Input, Stages, Task, TaskOptions, TaskTypes } from '../../../../core/tasks/task';
import { ModelServiceFailed } from '../errors';
import type { Use } from '../services/guarded-service';
import type { Services } from '../services/services';

/** What the work on a task of a job needs. */
export interface TaskRun<N extends TaskName = TaskName> {
  row: JobRow;
  task: Task<N>;
  options: TaskOptions<N>;
  input: Input;
  services: Services;
  begin: Use['begin'];
  /** Shows progress of the task, 0 to 1, and its stages. */
  show: (progress: number | undefined, stages?: Stages) => void;
}

/** Has a service do a task in one piece: an interrupted attempt starts again. */
export async function runWhole<N extends TaskName>(
  { row, task, options, input, services, begin, show }: TaskRun<N>,
  signal: AbortSignal,
): Promise<TaskTypes[N]['result']> {
  const service = services.for(task.name);
  const request = task.request(options, input);
  const result = await service.run(task, request, { signal, begin }, (event) => {
    const progress = task.progressOf(event);
    if (progress !== undefined) show(progress);
  });
  if (isOther(row, result))
    throw new ModelServiceFailed(`The ${service.name} service returned a result that is not a string`);
  show(1);
  return result;
}

/** Whether the result of a custom task does not have the declared type. */
const isOther = ({ custom }: JobRow, result: TaskTypes[TaskName]['result']): boolean =>
  'result' in result &&
  custom !== undefined &&
  custom.result_type !== 'application/json' &&
  typeof result.result !== 'string';
