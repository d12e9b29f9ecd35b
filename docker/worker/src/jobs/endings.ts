import type { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { announce } from '../../../../core/jobs/completion';
import type { JobRow } from '../../../../core/contract/job';
import { KEY } from '../../../../core/contract/keys';
import type { Machine } from '../../../../core/contract/machine';
import type { JobStore } from '../../../../core/jobs/job-store';
import { eraseLeftovers, eraseWritten, namedIn } from '../../../../core/jobs/job-leftovers';
import type { TaskName } from '../../../../core/contract/names';
import { resultKeys, unitsOf } from '../../../../core/jobs/job-tasks';
import { receipt } from '../../../../core/prices/prices';
import { ALL_TASKS, tasksIn } from '../../../../core/tasks';
import { measuresOf } from '../../../../core/tasks/measures';
import type { Stages } from '../../../../core/tasks/task';
import { JOINS } from '../tasks/joins';
import type { JobWork } from './job-work';
import type { JobObjects } from './job-objects';
import type { Outcome } from './steps';

export interface EndingTools {
  events: EventBridgeClient;
  store: JobStore;
  objects: JobObjects;
  path: string;
  machine: Machine;
}

/** Writes the results at the end of jobs, in the correct order. */
export class Endings {
  constructor(private readonly tools: EndingTools) {}

  /**
   * Writes the results, then the row that names them. Callers see the results only with the row.
   *
   * @throws StaleAttempt if the job no longer belongs to this attempt
   */
  async commit(
    row: JobRow,
    { results, degraded }: Outcome,
    { tasks, published, checkpoint }: Pick<JobWork, 'tasks' | 'published' | 'checkpoint'>,
  ): Promise<JobRow> {
    const { store, machine, objects } = this.tools;
    const { id, attempt } = row;
    const keys: JobWork['published'] = {};
    const isNew = (name: TaskName) => results[name] !== undefined && published[name] === undefined;
    const hasNew = ALL_TASKS.some(({ name }) => isNew(name));
    const writes = ALL_TASKS.map(async ({ name, resultName }) => {
      const result = results[name];
      if (result === undefined) return;
      // A published result that other results complete is written again, because one of them is new.
      const isWritten = isNew(name) || (JOINS[name] !== undefined && hasNew);
      keys[name] = (isWritten ? undefined : published[name]) ?? KEY.result(id, attempt, resultName);
      if (isWritten) await objects.write(keys[name], result);
    });
    await Promise.all(writes);
    const now = new Date();
    const sinceQueued = (now.getTime() - Date.parse(row.queued_at ?? row.created_at)) / 1000;
    // What the row named when this attempt claimed it was counted before.
    const earlier = resultKeys(row);
    const retried = Object.fromEntries(Object.entries(results).filter(([name]) => !(name in earlier)));
    const stages = tasksIn(tasks).map(({ task, options }) => task.stagesAtEnd(options, results[task.name]));
    return store.commit(
      row,
      {
        results: keys,
        receipt: receipt(
          machine,
          measuresOf(results, unitsOf(row)),
          { sinceQueued, processing: checkpoint.processingSeconds },
          row.receipt,
        ),
        degraded,
        stages: Object.assign({}, ...stages) as Stages,
      },
      now,
      row.receipt && measuresOf(retried, unitsOf(row)),
    );
  }

  /**
   * Announces the end and erases what the row does not name. A repetition does no harm.
   */
  async announce(row: JobRow): Promise<void> {
    const { events, objects, path } = this.tools;
    await Promise.all([announce(events, path, row), eraseLeftovers(objects, row)]);
  }

  /**
   * Erases the results of an attempt whose job another worker has taken over.
   *
   * @param now current row of the job; objects named in it are kept
   * @param files keys of files that the new owner may use
   */
  async eraseAttempt({ id, attempt }: JobRow, now: JobRow, files: readonly string[]): Promise<void> {
    const { objects } = this.tools;
    const named = await namedIn(objects, now);
    if (named !== undefined) await objects.removeBelow(KEY.results(id, attempt), [...named, ...files]);
  }

  /** Erases everything that workers wrote for a job that was cancelled or erased. */
  eraseAll(id: string): Promise<void> {
    return eraseWritten(this.tools.objects, id);
  }
}
