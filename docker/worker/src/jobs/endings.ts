import type { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { announce } from '../../../../core/jobs/completion';
import type { JobRow } from '../../../../core/contract/job';
import { KEY } from '../../../../core/contract/keys';
import type { Machine } from '../../../../core/contract/machine';
import type { JobStore } from '../../../../core/jobs/job-store';
import { resultKeys, unitsOf } from '../../../../core/jobs/job-tasks';
import { receipt } from '../../../../core/prices/prices';
import { ALL_TASKS, tasksIn } from '../../../../core/tasks';
import { measuresOf } from '../../../../core/tasks/measures';
import type { Stages } from '../../../../core/tasks/task';
import type { JobWork } from './job-work';
import type { JsonObjects } from './json-objects';
import type { Outcome } from './steps';

export interface EndingTools {
  events: EventBridgeClient;
  store: JobStore;
  objects: JsonObjects;
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
    { tasks, published, processingSeconds }: Pick<JobWork, 'tasks' | 'published' | 'processingSeconds'>,
  ): Promise<JobRow> {
    const { store, machine, objects } = this.tools;
    const { id, attempt } = row;
    const keys: JobWork['published'] = {};
    const writes = ALL_TASKS.map(async ({ name, resultName }) => {
      const result = results[name];
      if (result === undefined) return;
      keys[name] = published[name] ?? KEY.result(id, attempt, resultName);
      if (published[name] === undefined) await objects.write(keys[name], result);
    });
    await Promise.all(writes);
    const now = new Date();
    const sinceQueued = (now.getTime() - Date.parse(row.queued_at ?? row.created_at)) / 1000;
    const stages = tasksIn(tasks).map(({ task, options }) => task.stagesAtEnd(options, results[task.name]));
    return store.commit(
      row,
      {
        results: keys,
        receipt: receipt(machine, measuresOf(results, unitsOf(row)), {
          sinceQueued,
          processing: processingSeconds,
        }),
        degraded,
        stages: Object.assign({}, ...stages) as Stages,
      },
      now,
    );
  }

  /** Announces the end and removes the checkpoint. A repetition does no harm. */
  async announce(row: JobRow): Promise<void> {
    const { events, path, objects } = this.tools;
    await Promise.all([announce(events, path, row), objects.remove([KEY.checkpoint(row.id)])]);
  }

  /**
   * Erases the objects of an attempt whose job was cancelled or taken over by another worker.
   *
   * @param now current row of the job, if it continues; objects named in it are kept
   */
  async eraseAttempt({ id, attempt }: JobRow, now?: JobRow): Promise<void> {
    const named = now === undefined ? [] : [...Object.values(resultKeys(now)), KEY.checkpoint(id)];
    const results = ALL_TASKS.map(({ resultName }) => KEY.result(id, attempt, resultName));
    const written = [...results, KEY.checkpoint(id)];
    await this.tools.objects.remove(written.filter((key) => !named.includes(key)));
  }
}
