import { isFinal, type StageState } from '../contract/names';
import type { JobRow, JobView } from '../contract/job';
import { TASKS } from '../tasks';
import { resultKeys, tasksOf } from './job-tasks';

/**
 * A job as the API shows it to its owner.
 *
 * @param delay why the fleet lacks machines. @default - it has them, or the job does not wait
 */
export function view(row: JobRow, delay?: string): JobView {
  return {
    id: row.id,
    object: 'job',
    priority: row.priority ?? 'normal',
    status: row.status,
    name: row.name,
    origin: row.origin,
    tasks: tasksOf(row),
    options: row.options,
    created_at: row.created_at,
    queued_at: row.queued_at,
    started_at: row.started_at,
    finished_at: row.finished_at,
    progress: row.progress,
    stages: stages(row),
    results: resultPaths(row),
    degraded: row.degraded,
    error: row.error,
    receipt: row.receipt,
    ...(row.status === 'queued' && { delay }),
  };
}

const resultPaths = (row: JobRow): JobView['results'] =>
  Object.fromEntries(
    (Object.keys(resultKeys(row)) as (keyof JobView['results'])[]).map((name) => [
      name,
      `/v1/jobs/${row.id}/${TASKS[name].resultName}`,
    ]),
  );

/** The stages of a job. An unfinished stage of an ended job is shown as failed or skipped. */
function stages({ status, stages: recorded }: JobRow): JobRow['stages'] {
  if (!isFinal(status)) return recorded;
  const left: StageState = status === 'failed' ? 'failed' : 'skipped';
  const ended = (state: StageState) => (state === 'waiting' || state === 'running' ? left : state);
  return Object.fromEntries(Object.entries(recorded).map(([stage, state]) => [stage, ended(state)]));
}
