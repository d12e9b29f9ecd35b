import type { TaskName } from '../../../../core/contract/names';
import type { JobTasks } from '../../../../core/contract/tasks';
import { tasksIn } from '../../../../core/tasks';
import type { Stages } from '../../../../core/tasks/task';

/** Progress and stages of a running job, as shown in its row. */
export class JobProgress {
  private readonly parts = new Map<TaskName, number>();
  private current: Stages;

  /** @param least progress of an earlier attempt whose work is reused */
  constructor(
    tasks: JobTasks,
    private readonly least = 0,
  ) {
    for (const { task } of tasksIn(tasks)) this.parts.set(task.name, 0);
    // Independent of earlier attempts. The later stages of a task wait for its first one.
    this.current = Object.fromEntries(
      tasksIn(tasks).flatMap(({ task, options }) =>
        task.stages(options).map((stage, index) => [stage, index === 0 ? 'running' : 'waiting']),
      ),
    );
  }

  /** 0 to 1. All tasks count the same, because their durations are not known. */
  get progress(): number {
    const parts = [...this.parts.values()];
    return Math.max(this.least, parts.reduce((sum, part) => sum + part, 0) / parts.length);
  }

  get stages(): Stages {
    return this.current;
  }

  /** @param progress of the task. @default - unchanged */
  set(task: TaskName, progress: number | undefined, stages: Stages = {}): void {
    if (progress !== undefined) this.parts.set(task, progress);
    this.current = { ...this.current, ...stages };
  }
}
