import type { JobRow } from '../contract/job';
import { TASK_STAGES } from '../contract/names';
import { tasksIn } from '../tasks';
import { ending, secondsOf, UNSENT_SWEEP_SECONDS } from './job-changes';
import { resultKeys, stagesAs, tasksOf } from './job-tasks';
import type { Change } from './row-update';

/** The tasks of a job that have no result. */
export function missingTasks(row: JobRow): ReturnType<typeof tasksIn> {
  const keys = resultKeys(row);
  return tasksIn(tasksOf(row)).filter(({ task }) => keys[task.name] === undefined);
}

/** Whether a job that ended with results is open again, for its missing tasks. */
export const isRetried = ({ open, receipt }: Pick<JobRow, 'open' | 'receipt'>): boolean =>
  open !== undefined && receipt !== undefined;

/** The change that queues a job again for its missing tasks. Its results and its receipt stay. */
export function retryOf(row: JobRow, now: Date): Change {
  const missing = missingTasks(row);
  return {
    set: {
      status: 'queued',
      progress: 1 - missing.length / tasksIn(tasksOf(row)).length,
      stages: { ...row.stages, ...stagesAs('waiting', missing) },
      degraded: degradedResults(row),
      queued_at: now.toISOString(),
      updated_at: now.toISOString(),
      open: 'open',
      sweep_at: secondsOf(now) + UNSENT_SWEEP_SECONDS,
      waits_from: now.getTime(),
    },
    // The new work is counted, even if the first one was counted for a synchronous answer.
    remove: ['started_at', 'finished_at', 'counted'],
  };
}

/**
 * The change that ends a retry that was cancelled or given up: the job keeps what it has.
 *
 * @param reason why its missing tasks have no result
 */
export function endOfRetry(row: JobRow, reason: string, now: Date): Change {
  const missing = missingTasks(row);
  const lost = missing.map(({ task }) => ({ stage: TASK_STAGES[task.name][0], reason }));
  return ending('succeeded', now, {
    progress: 1,
    stages: { ...row.stages, ...stagesAs('failed', missing) },
    degraded: [...degradedResults(row), ...lost],
  });
}

/** What the results lack that exist. */
function degradedResults(row: JobRow): JobRow['degraded'] {
  const missing = missingTasks(row).flatMap(({ task }): readonly string[] => TASK_STAGES[task.name]);
  return row.degraded.filter(({ stage }) => !missing.includes(stage));
}
