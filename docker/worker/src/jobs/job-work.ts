import type { JobRow } from '../../../../core/contract/job';
import { KEY, SHARED } from '../../../../core/contract/keys';
import type { TaskName } from '../../../../core/contract/names';
import type { JobTasks } from '../../../../core/contract/tasks';
import { Checkpoint } from '../../../../core/contract/transcript';
import type { JobStore } from '../../../../core/jobs/job-store';
import { resultKeys, tasksOf } from '../../../../core/jobs/job-tasks';
import { TASKS, tasksIn } from '../../../../core/tasks';
import type { Results, Task, TaskOptions, TaskTypes } from '../../../../core/tasks/task';
import type { Log } from '../log';
import type { Services } from '../services/services';
import { JOINS } from '../tasks/joins';
import { runWhole, type TaskRun } from '../tasks/task-run';
import { ResumableTranscription } from '../tasks/transcription-run';
import { type AudioTools, fetchAudio } from './job-audio';
import { JobProgress } from './job-progress';
import type { JsonObjects } from './json-objects';
import type { Lease } from './lease';
import type { TimeShare } from './machine-time';
import { ProgressReporter } from './progress';
import { type Outcome, runSteps } from './steps';
import type { Stopwatch } from './stopwatch';

/** Dependencies of the work on a job. */
export interface WorkTools extends AudioTools {
  store: JobStore;
  objects: JsonObjects;
  services: Services;
  log: Log;
  /** Longest audio in seconds. */
  maxAudioSeconds: number;
  /** Shortest time between checkpoints, in milliseconds. */
  checkpointMs: number;
}

type AnyResult = TaskTypes[TaskName]['result'];

/** One attempt of a job: from the input in S3 to the outcome. The caller commits the outcome. */
export class JobWork {
  readonly tasks: JobTasks;
  /** Keys of the results that callers can read. */
  published: Partial<Record<TaskName, string>> = {};
  /** Results so far, beginning with the published ones of earlier attempts. */
  private done: Results = {};
  private readonly running = new Set<TaskName>();
  /** Whether a service has begun to work for this attempt. */
  private hasBegun = false;
  private earlier: Checkpoint | undefined;
  private transcription: ResumableTranscription | undefined;
  /** Machine seconds of earlier attempts. */
  private spent = 0;
  private savedAt = Date.now();
  /** End of the checkpoint in S3, in seconds of audio. */
  private savedEnd = 0;
  private shown: JobProgress;
  private readonly progress: ProgressReporter;

  constructor(
    private readonly row: JobRow,
    private readonly lease: Lease,
    private readonly tools: WorkTools,
    private readonly watch: Stopwatch,
    private readonly time: TimeShare,
  ) {
    this.progress = new ProgressReporter(row, tools.store, tools.log, (error) => lease.lose(error));
    this.tasks = tasksOf(row);
    this.shown = new JobProgress(this.tasks);
  }

  /**
   * @throws SpotscribeError, permanent if the input is the cause
   * @throws the reason of the signal if it is aborted
   */
  async run(signal: AbortSignal): Promise<Outcome> {
    await Promise.all([fetchAudio(this.tools, this.row, signal), this.fetchEarlier()]);
    this.watch.lap('download');
    const resumed = this.earlier !== undefined || Object.keys(this.done).length > 0;
    this.shown = new JobProgress(this.tasks, resumed ? this.row.progress : 0);
    const steps = tasksIn(this.tasks).map(({ task, options }) => ({
      task,
      run: (joint: AbortSignal) => this.step(task, options, joint),
    }));
    for (const { task } of steps) this.running.add(task.name);
    try {
      return await runSteps(steps, signal);
    } finally {
      this.time.end();
      await this.progress.settle();
      this.watch.lap(lapOf(steps.at(-1)?.task.name));
    }
  }

  /** Machine seconds of the job, including earlier attempts. */
  get processingSeconds(): number {
    return this.spent + this.time.seconds;
  }

  /** Saves the transcript so far and the machine time for the next attempt. */
  async saveCheckpoint(): Promise<void> {
    const { transcription: whole } = this.done;
    // Without a transcription, only the machine time is saved.
    const none = this.tasks.transcription === undefined ? { end: 0, segments: [] } : undefined;
    const heard =
      this.transcription?.checkpoint() ??
      this.earlier ??
      (whole && { end: whole.duration, segments: whole.segments }) ??
      none;
    if (heard === undefined) return;
    const { id } = this.row;
    const checkpoint: Checkpoint = { ...heard, processing_seconds: this.processingSeconds };
    await this.tools.objects.write(KEY.checkpoint(id), checkpoint);
    this.savedAt = Date.now();
    this.savedEnd = checkpoint.end;
  }

  private async fetchEarlier(): Promise<void> {
    const { id, attempt } = this.row;
    if (attempt === 1) return;
    const { objects } = this.tools;
    const keys = Object.entries(resultKeys(this.row)) as [TaskName, string][];
    const [checkpoint] = await Promise.all([
      objects.read(KEY.checkpoint(id), Checkpoint),
      ...keys.map(async ([name, key]) => {
        const found: AnyResult | undefined = await objects.read<AnyResult>(key, TASKS[name].result);
        if (found === undefined) return;
        this.published = { ...this.published, [name]: key };
        this.done = { ...this.done, [name]: found };
      }),
    ]);
    this.earlier = checkpoint;
    this.spent = checkpoint?.processing_seconds ?? 0;
  }

  private async step(task: Task, options: TaskOptions<TaskName>, signal: AbortSignal): Promise<AnyResult> {
    const { name } = task;
    try {
      const result = this.done[name] ?? (await this.work(task, options, signal));
      this.done = { ...this.done, [name]: result };
      this.running.delete(name);
      this.watch.lap(lapOf(name));
      // Early publication is useful only while another task is running.
      if (this.running.size > 0 && JOINS[name] === undefined) await this.publish(task, result);
      return result;
    } finally {
      this.running.delete(name);
    }
  }

  private work(task: Task, options: TaskOptions<TaskName>, signal: AbortSignal): Promise<AnyResult> {
    const run: TaskRun = {
      row: this.row,
      task,
      options,
      input: {
        path: SHARED.input(this.row.id),
        maxSeconds: this.tools.maxAudioSeconds,
        mediaType: this.row.media_type,
      },
      services: this.tools.services,
      begin: () => {
        if (!this.hasBegun) this.watch.lap('model_wait');
        this.hasBegun = true;
        return this.time.work();
      },
      show: (progress, stages) => {
        this.shown.set(task.name, progress, stages);
        this.progress.report(this.shown);
      },
    };
    if (task.name !== 'transcription') return runWhole(run, signal);
    this.savedEnd = this.earlier?.end ?? 0;
    this.transcription = new ResumableTranscription({
      ...(run as TaskRun<'transcription'>),
      log: this.tools.log,
      earlier: this.earlier,
      onWindow: (end) => this.keepCheckpoint(end),
    });
    return this.transcription.transcribe(signal);
  }

  /** Lets callers read a result while another task is running. */
  private async publish(task: Task, result: AnyResult): Promise<void> {
    const { id, attempt } = this.row;
    const { name, resultName } = task;
    if (this.published[name] === undefined) {
      const key = KEY.result(id, attempt, resultName);
      await this.tools.objects.write(key, result);
      await this.progress.settle();
      const results = { ...this.published, [name]: key };
      const degraded = tasksIn(this.tasks).flatMap(({ task: { name: each } }) =>
        results[each] === undefined ? [] : (this.done[each]?.degraded ?? []),
      );
      await this.tools.store.publish(id, attempt, { results, degraded }, new Date());
      this.published = results;
    }
    this.shown.set(name, 1, task.stagesAtEnd(this.tasks[name] ?? {}, result));
    this.progress.report(this.shown);
  }

  private async keepCheckpoint(end: number): Promise<void> {
    const { checkpointMs, log } = this.tools;
    if (end === this.savedEnd || Date.now() - this.savedAt < checkpointMs) return;
    // S3 cannot check the row: a worker that has lost the job must not overwrite the new owner's
    // checkpoint.
    if (!(await this.lease.holds())) return;
    await this.saveCheckpoint().catch((error: unknown) => {
      log.warn({ job: this.row.id, err: error }, 'checkpoint not saved');
    });
  }
}

/** The part of a job's time that a task takes, in the log and the metrics. */
const lapOf = (task: TaskName = 'transcription'): string => (task === 'transcription' ? 'model' : task);
