import type { TaskName } from '../../../../core/contract/names';
import { TASKS } from '../../../../core/tasks';
import { ModelServiceFailed } from '../errors';
import type { GuardedService } from './guarded-service';

/** Model services of a machine. */
export class Services {
  readonly all: GuardedService[];

  constructor(private readonly entries: { service: GuardedService; tasks: readonly TaskName[] }[]) {
    this.all = entries.map(({ service }) => service);
  }

  /** The service that does a task. Undefined if no service of the machine does it. */
  find(task: TaskName): GuardedService | undefined {
    return this.entries.find(({ tasks }) => tasks.includes(task))?.service;
  }

  /** Whether the service of a task does another one first. */
  givesWay(task: TaskName): boolean {
    const { tasks = [] } = this.entries.find((entry) => entry.tasks.includes(task)) ?? {};
    return TASKS[task].givesWay && tasks.some((other) => !TASKS[other].givesWay);
  }

  /** @throws ModelServiceFailed if no service of the machine does the task */
  for(task: TaskName): GuardedService {
    const found = this.find(task);
    if (found === undefined) throw new ModelServiceFailed(`No service of this machine does the task ${task}`);
    return found;
  }
}
