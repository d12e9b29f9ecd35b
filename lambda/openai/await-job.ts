import { setTimeout as sleep } from 'node:timers/promises';
import type { JobRow } from '../../core/contract/job';
import type { TaskName } from '../../core/contract/names';
import { inTime } from '../frame/deadline';
import { jobNotFound } from '../frame/refusal';
import { resultKeys } from '../../core/jobs/job-tasks';
import type { JobStore } from '../../core/jobs/job-store';

const FIRST_PAUSE_MS = 200;
const LONGEST_PAUSE_MS = 1000;
const GROWTH = 1.3;

/** Whether a job has no result of a task yet, but may still get one. */
export const isPending = (row: JobRow, task: TaskName): boolean =>
  row.open !== undefined && resultKeys(row)[task] === undefined;

/**
 * Waits until a job has the result of a task or has ended.
 *
 * @param untilMs epoch milliseconds after which the current row is returned
 * @throws Refusal (404) if the job is deleted in the meantime
 */
export async function awaitJob(
  row: JobRow,
  task: TaskName,
  store: JobStore,
  untilMs: number,
): Promise<JobRow> {
  let current = row;
  for (
    let pause = FIRST_PAUSE_MS;
    isPending(current, task);
    pause = Math.min(pause * GROWTH, LONGEST_PAUSE_MS)
  ) {
    const left = untilMs - Date.now();
    if (left <= 0) break;
    await sleep(Math.min(pause, left));
    current = await latest(current, store, untilMs);
  }
  return current;
}

/** The current row, or the given one if the table does not respond. */
async function latest(row: JobRow, store: JobStore, untilMs: number): Promise<JobRow> {
  let found: JobRow | undefined;
  try {
    found = await inTime(untilMs, store.get(row.id));
  } catch {
    return row;
  }
  if (found === undefined) throw jobNotFound(row.id);
  return found;
}
