import type { JobRow } from '../contract/job';
import { KEY } from '../contract/keys';
import { TASKS } from '../tasks';
import type { AnyResult } from '../tasks/task';
import { resultFiles, TASKS_WITH_FILES } from './job-files';
import { resultKeys } from './job-tasks';
import type { StoredObjects } from './stored-objects';

/**
 * Erases what the row of an ended job does not name: the checkpoint, the recordings of known
 * speakers, and what interrupted attempts wrote. The input stays for the retention. A repetition does no harm.
 */
export async function eraseLeftovers(objects: StoredObjects, row: JobRow): Promise<void> {
  // Its input and results are erased. A late worker may have written since.
  if (row.status === 'cancelled') return eraseWritten(objects, row.id);
  const named = await namedIn(objects, row);
  if (named === undefined) {
    await objects.removeBelow(KEY.checkpoint(row.id));
    await objects.removeBelow(KEY.speakers(row.id));
  } else await objects.removeBelow(KEY.job(row.id), [KEY.input(row.id), ...named]);
}

/** Erases everything that workers wrote for a job that was cancelled or erased. */
export const eraseWritten = (objects: StoredObjects, id: string): Promise<void> =>
  objects.removeBelow(KEY.job(id), [KEY.input(id)]);

/** Keys of the results in a row, and of their files. Undefined if the files are not known. */
export async function namedIn(objects: StoredObjects, row: JobRow): Promise<string[] | undefined> {
  const keys = resultKeys(row);
  const named = Object.values(keys);
  for (const task of TASKS_WITH_FILES) {
    const key = keys[task];
    if (key === undefined) continue;
    const result = await objects.read<AnyResult>(key, TASKS[task].result);
    if (result === undefined) return undefined;
    named.push(...resultFiles(task, row.id, result));
  }
  return named;
}
