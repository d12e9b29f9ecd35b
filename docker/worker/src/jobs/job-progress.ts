import { TASK_STAGES, type TaskName } from '../../../../core/contract/names';
import type { JobTasks } from '../../../../core/contract/tasks';
import { stagesAs } from '../../../../core/jobs/job-tasks';
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
    // Independent of earlier attempts.
    this.current = stagesAs('waiting', tasksIn(tasks));
  }

  /** 0 to 1. All tasks count the same, because their durations are not known. */
  get progress(): number {
    return Math.max(this.least, this.progressOf([...this.parts.keys()]));
  }

  /** Progress of some tasks in this attempt, 0 to 1. */
  progressOf(tasks: readonly TaskName[]): number {
    return tasks.reduce((sum, task) => sum + (this.parts.get(task) ?? 0), 0) / tasks.length;
  }

  get stages(): Stages {
    return this.current;
  }

  /** A service has begun to work on a task. Its later stages wait for the first one. */
  begin(task: TaskName): void {
    const [first] = TASK_STAGES[task];
    if (this.current[first] === 'waiting') this.current = { ...this.current, [first]: 'running' };
  }

  /** @param progress of the task. @default - unchanged */
  set(task: TaskName, progress: number | undefined, stages: Stages = {}): void {
    if (progress !== undefined) this.parts.set(task, progress);
    this.current = { ...this.current, ...stages };
  }
}
