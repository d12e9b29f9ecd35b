import type { TaskName } from '../../../../core/contract/names';
import type { Degradation } from '../../../../core/contract/values';
import type { Checkpoint } from '../../../../core/contract/work/transcript';
import type { TaskTypes } from '../../../../core/tasks/task';
import type { JobObjects } from '../jobs/job-objects';
import type { Log } from '../log';
import type { TaskRun } from './task-run';

/** The part of a job's checkpoint that belongs to one task. */
export type CheckpointPart = Partial<Omit<Checkpoint, 'processing_seconds'>>;

/** What the work on a resumable task needs. */
export interface ResumableRun<N extends TaskName = TaskName> extends TaskRun<N> {
  objects: Pick<JobObjects, 'writeFile' | 'writer'>;
  /**
   * Downloads a part of an earlier attempt.
   *
   * @param path on the shared volume
   * @throws as `download`
   */
  fetchPart: (key: string, path: string, signal: AbortSignal) => Promise<void>;
  log: Log;
  /** Checkpoint of an earlier attempt. */
  earlier?: Checkpoint;
  /** What the input lacks. @default - nothing */
  lost?: readonly Degradation[];
  /** Called after each step of the work, which waits for the returned promise. */
  onStep: () => Promise<void>;
}

/** Work on a task. Another attempt can continue it. */
export interface Resumable<N extends TaskName = TaskName> {
  /** Grows whenever another attempt has less to do. */
  readonly position: number;
  /** What is done, for another attempt. Undefined if nothing is known about it. */
  checkpoint(): CheckpointPart | undefined;
  /**
   * Does the task.
   *
   * @throws as `GuardedService.run`
   */
  run(signal: AbortSignal): Promise<TaskTypes[N]['result']>;
}
