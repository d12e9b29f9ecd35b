import type { JobRow } from '../../../../core/contract/job';
import { KEY, SHARED } from '../../../../core/contract/keys';
import type { TaskName } from '../../../../core/contract/names';
import type { JobTasks } from '../../../../core/contract/tasks';
import type { JobStore } from '../../../../core/jobs/job-store';
import { resultKeys, tasksOf } from '../../../../core/jobs/job-tasks';
import { TASKS, tasksIn } from '../../../../core/tasks';
import type { AnyResult, Results, Stages, Task, TaskOptions } from '../../../../core/tasks/task';
import type { HeldJob } from '../forecast/held-job';
import type { Log } from '../log';
import type { Services } from '../services/services';
import { JOINS } from '../tasks/joins';
import { runWhole, type TaskRun } from '../tasks/task-run';
import { resumable } from '../tasks/resumables';
import { JobCheckpoint } from './job-checkpoint';
import { fetchInput, fetchPart, type InputTools } from './job-input';
import { JobProgress } from './job-progress';
import { fetchSpeakers, type KnownSpeakers } from './known-speakers';
import type { JobObjects } from './job-objects';
import type { Lease } from './lease';
import type { TimeShare } from './machine-time';
import { ProgressReporter } from './progress';
import { type Outcome, runSteps } from './steps';
import type { Stopwatch } from './stopwatch';

/** Dependencies of the work on a job. */
export interface WorkTools extends InputTools {
  store: JobStore;
  objects: JobObjects;
  services: Services;
  log: Log;
  /** Longest audio in seconds. */
  maxAudioSeconds: number;
  /** Shortest time between checkpoints, in milliseconds. */
  checkpointMs: number;
}

/** What accounts for the time of an attempt. */
export interface AttemptTime {
  watch: Stopwatch;
  time: TimeShare;
  held: HeldJob;
}

/** One attempt of a job: from the input in S3 to the outcome. The caller commits the outcome. */
export class JobWork {
  readonly tasks: JobTasks;
  /** Keys of the results that callers can read. */
  published: Partial<Record<TaskName, string>> = {};
  /** Results so far, beginning with the published ones of earlier attempts. */
  private done: Results = {};
  private readonly running = new Set<TaskName>();
  /** Of whom there are recordings. @default - the job has no recordings */
  private known: KnownSpeakers | undefined;
  /** Whether a service has begun to work for this attempt. */
  private hasBegun = false;
  readonly checkpoint: JobCheckpoint;
  private shown: JobProgress;
  private readonly progress: ProgressReporter;
  private readonly watch: Stopwatch;
  private readonly time: TimeShare;
  private readonly held: HeldJob;

  constructor(
    private readonly row: JobRow,
    lease: Lease,
    private readonly tools: WorkTools,
    { watch, time, held }: AttemptTime,
  ) {
    this.watch = watch;
    this.time = time;
    this.held = held;
    this.progress = new ProgressReporter(row, tools.store, tools.log, (error) => lease.lose(error));
    this.tasks = tasksOf(row);
    this.shown = new JobProgress(this.tasks);
    const names = tasksIn(this.tasks).map(({ task }) => task.name);
    this.checkpoint = new JobCheckpoint(
      {
        ...{ row, lease },
        tasks: names.filter((name) => resumable(name) !== undefined),
        isDone: (name) => this.done[name] !== undefined,
        isPublished: (name) => this.published[name] !== undefined,
        seconds: () => this.time.seconds,
      },
      tools,
    );
  }

  /**
   * @throws SpotscribeError, permanent if the input is the cause
   * @throws the reason of the signal if it is aborted
   */
  async run(signal: AbortSignal): Promise<Outcome> {
    const [bytes] = await Promise.all([fetchInput(this.tools, this.row, signal), this.fetchEarlier()]);
    this.known = await fetchSpeakers(this.tools, this.row, signal);
    this.held.arrived(bytes);
    this.watch.lap('download');
    const resumed = this.checkpoint.earlier !== undefined || Object.keys(this.done).length > 0;
    this.shown = new JobProgress(this.tasks, resumed ? this.row.progress : 0);
    this.showPublished();
    if (resumed) this.held.resume(this.row.progress);
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

  private async fetchEarlier(): Promise<void> {
    if (this.row.attempt === 1) return;
    const { objects } = this.tools;
    const keys = Object.entries(resultKeys(this.row)) as [TaskName, string][];
    await Promise.all([
      this.checkpoint.read(),
      ...keys.map(async ([name, key]) => {
        const found: AnyResult | undefined = await objects.read<AnyResult>(key, TASKS[name].result);
        if (found === undefined) return;
        this.published = { ...this.published, [name]: key };
        this.done = { ...this.done, [name]: found };
      }),
    ]);
  }

  /** Shows the stages of published results as ended, from the start. */
  private showPublished(): void {
    for (const { task, options } of tasksIn(this.tasks)) {
      const result = this.done[task.name];
      if (result !== undefined) this.shown.set(task.name, 1, task.stagesAtEnd(options, result));
    }
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
      this.held.finishTask(name);
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
        speakers: this.known?.speakers,
      },
      services: this.tools.services,
      begin: () => {
        if (!this.hasBegun) this.watch.lap('model_wait');
        this.hasBegun = true;
        this.shown.begin(task.name);
        this.show(task.name, undefined);
        const ends = [this.time.work(), this.held.work(this.tools.services.for(task.name).name)];
        return () => ends.forEach((end) => end());
      },
      show: (progress, stages) => this.show(task.name, progress, stages),
    };
    const begin = resumable(task.name);
    if (begin === undefined) return runWhole(run, signal);
    const { objects, log } = this.tools;
    const { earlier } = this.checkpoint;
    const work = begin({
      ...{ ...run, objects, log, earlier, lost: this.known?.lost },
      fetchPart: (key, path, joint) => fetchPart(this.tools, key, path, joint),
      onStep: () => this.checkpoint.keep(),
    });
    this.checkpoint.follow(task.name, work);
    return work.run(signal);
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
    this.show(name, 1, task.stagesAtEnd(this.tasks[name] ?? {}, result));
  }

  private show(task: TaskName, progress: number | undefined, stages?: Stages): void {
    this.shown.set(task, progress, stages);
    this.progress.report(this.shown);
    this.held.advance(this.shown);
  }
}

/** The part of a job's time that a task takes, in the log and the metrics. */
const lapOf = (task: TaskName = 'transcription'): string => (task === 'transcription' ? 'model' : task);
