import type { JobRow } from '../../../../core/contract/job';
import { KEY } from '../../../../core/contract/keys';
import type { TaskName } from '../../../../core/contract/names';
import { Checkpoint } from '../../../../core/contract/work/transcript';
import { checkpointFiles } from '../../../../core/jobs/job-files';
import type { Log } from '../log';
import type { CheckpointPart, Resumable } from '../tasks/resumable';
import type { JobObjects } from './job-objects';
import type { Lease } from './lease';

export interface CheckpointTools {
  objects: JobObjects;
  log: Log;
  /** Shortest time between checkpoints, in milliseconds. */
  checkpointMs: number;
}

/** The attempt whose work is saved. */
export interface CheckpointedAttempt {
  row: JobRow;
  lease: Lease;
  /** The resumable tasks of the job. */
  tasks: readonly TaskName[];
  /** Whether the result of a task is stored. */
  isDone: (task: TaskName) => boolean;
  /** Whether another attempt reads the result of a task instead of a checkpoint. */
  isPublished: (task: TaskName) => boolean;
  /** Returns the machine seconds of this attempt. */
  seconds: () => number;
}

/** The checkpoint of a running job in S3: what its resumable tasks have done, and the machine time. */
export class JobCheckpoint {
  /** That of the earlier attempts. */
  earlier: Checkpoint | undefined;
  private readonly running = new Map<TaskName, Resumable>();
  private savedAt = Date.now();
  private savedPosition = 0;
  private savedFiles: readonly string[] = [];

  constructor(
    private readonly attempt: CheckpointedAttempt,
    private readonly tools: CheckpointTools,
  ) {}

  async read(): Promise<void> {
    this.earlier = await this.tools.objects.read(KEY.checkpoint(this.attempt.row.id), Checkpoint);
  }

  /** Machine seconds of the job, including earlier attempts. */
  get processingSeconds(): number {
    return (this.earlier?.processing_seconds ?? 0) + this.attempt.seconds();
  }

  /** Keys of the files that another attempt may use, because a checkpoint of this one names them. */
  get files(): readonly string[] {
    return this.savedFiles;
  }

  /** Includes the work on a task from now on. */
  follow(task: TaskName, work: Resumable): void {
    this.running.set(task, work);
    this.savedPosition = this.position;
  }

  /** Saves a checkpoint if there is more to save and the last one is old enough. */
  async keep(): Promise<void> {
    const { checkpointMs, log } = this.tools;
    if (this.position === this.savedPosition || Date.now() - this.savedAt < checkpointMs) return;
    // S3 cannot check the row: a worker that has lost the job must not overwrite the new owner's
    // checkpoint.
    if (!(await this.attempt.lease.holds())) return;
    await this.save().catch((error: unknown) => {
      log.warn({ job: this.attempt.row.id, err: error }, 'checkpoint not saved');
    });
  }

  /**
   * Saves what is done for the next attempt. Nothing is saved if it is not known how far an earlier
   * attempt came.
   */
  async save(): Promise<void> {
    const { row, tasks, isDone, isPublished } = this.attempt;
    const waiting = tasks.filter((task) => !this.running.has(task));
    const parts = [...this.running].flatMap(([task, work]) => (isPublished(task) ? [] : [work.checkpoint()]));
    const isKnown = this.earlier !== undefined || waiting.every(isDone);
    if (!isKnown || parts.includes(undefined)) return;
    const position = this.position;
    const checkpoint: Checkpoint = {
      end: 0,
      segments: [],
      ...(waiting.length > 0 && this.earlier),
      ...(Object.assign({}, ...parts) as CheckpointPart),
      processing_seconds: this.processingSeconds,
    };
    // Before the request: S3 may store the checkpoint although its answer is lost.
    this.savedFiles = checkpointFiles(row.id, checkpoint);
    await this.tools.objects.write(KEY.checkpoint(row.id), checkpoint);
    this.savedAt = Date.now();
    this.savedPosition = position;
  }

  private get position(): number {
    return [...this.running.values()].reduce((sum, { position }) => sum + position, 0);
  }
}
