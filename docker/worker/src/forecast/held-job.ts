import type { JobRow } from '../../../../core/contract/job';
import type { Measures } from '../../../../core/contract/values';
import { estimatedSeconds, UNKNOWN_SECONDS } from '../../../../core/fleet/work-rates';
import { unitsOf } from '../../../../core/jobs/job-tasks';
import { TakenTooEarly } from '../errors';
import type { JobProgress } from '../jobs/job-progress';
import type { TaskName } from '../../../../core/contract/names';
import type { LearntRates } from './learnt-rates';
import { remainingSeconds } from './remaining';
import type { WorkClock } from './work-clock';

/** A task of a job, and who does it. */
export interface HeldTask {
  task: TaskName;
  /** Name of the service. */
  service: string;
  /** Whether it gives way to other tasks of the service. */
  givesWay: boolean;
}

/** How far some work is. */
class Part {
  from = 0;
  progress = 0;
  private advancedAt = 0;

  resume(progress: number): void {
    this.from = this.progress = progress;
  }

  advance(progress: number, worked: number): void {
    if (progress <= this.progress) return;
    this.progress = progress;
    this.advancedAt = worked;
  }

  /** Seconds of work that remain. */
  remaining(expected: number, worked: number): number {
    const { from, progress, advancedAt } = this;
    return remainingSeconds({ expected, worked, from, progress, quiet: worked - advancedAt });
  }
}

/**
 * A job that this worker holds: what is known of its remaining work. The next job waits only for its tasks that
 * go first.
 */
export class HeldJob {
  /** Whether a model has begun to work on it. */
  hasBegun = false;
  /** Names of the services that do its tasks. */
  readonly services: readonly string[];
  /** The services of the tasks that go first. */
  readonly firstServices: readonly string[];
  private readonly firstTasks: readonly TaskName[];
  private readonly unfinished: Set<TaskName>;
  private readonly whole = new Part();
  private readonly first = new Part();
  private inputBytes: number | undefined;
  private isResumed = false;
  private readonly time;
  private readonly returning = new AbortController();

  constructor(
    private readonly row: JobRow,
    private readonly tasks: readonly HeldTask[],
    private readonly rates: LearntRates,
    clock: WorkClock,
  ) {
    const first = tasks.filter(({ givesWay }) => !givesWay);
    this.services = [...new Set(tasks.map(({ service }) => service))];
    this.firstServices = [...new Set(first.map(({ service }) => service))];
    this.firstTasks = first.map(({ task }) => task);
    this.unfinished = new Set(this.firstTasks);
    this.time = clock.open();
    this.inputBytes = row.input_bytes;
  }

  get id(): string {
    return this.row.id;
  }

  /** Aborted with {@link TakenTooEarly} if the job must return to the queue. */
  get returned(): AbortSignal {
    return this.returning.signal;
  }

  /** Seconds of work that remain. */
  get remainingSeconds(): number {
    return this.whole.remaining(this.expectedSeconds, this.workedSeconds);
  }

  /** Whether the next job waits for it. */
  get isAhead(): boolean {
    return this.unfinished.size > 0 || !this.mayGiveWay;
  }

  /** Seconds of work for which the next job waits. */
  get aheadSeconds(): number {
    const part = this.mayGiveWay ? this.first : this.whole;
    return part.remaining(this.expectedSeconds, this.workedSeconds);
  }

  /** Records that its input was downloaded. */
  arrived(bytes: number): void {
    this.inputBytes = bytes;
  }

  /** Records that it continues the work of an earlier attempt. */
  resume(progress: number): void {
    this.isResumed = true;
    this.whole.resume(progress);
    this.first.resume(progress);
  }

  /** Starts the work of a service. @returns a function that ends it */
  work(service: string): () => void {
    this.hasBegun = true;
    return this.time.work(service);
  }

  /** Records its progress. */
  advance(shown: Pick<JobProgress, 'progress' | 'progressOf'>): void {
    this.whole.advance(shown.progress, this.workedSeconds);
    this.first.advance(shown.progressOf(this.firstTasks), this.workedSeconds);
  }

  /** Records that the work on a task has ended. */
  finishTask(task: TaskName): void {
    this.unfinished.delete(task);
  }

  /** Learns from its end. Work of several attempts was not done by this worker alone. */
  finish(measures: Measures = {}): void {
    const { inputBytes: bytes = 0, workedSeconds: seconds } = this;
    if (!this.isResumed) this.rates.learn({ measures, seconds, bytes });
  }

  /** Ends its work. */
  end(): void {
    this.time.close();
  }

  /** Returns the job to the queue, unless its model has begun. */
  giveBack(): void {
    if (!this.hasBegun) this.returning.abort(new TakenTooEarly());
  }

  private get expectedSeconds(): number {
    const job = { estimate: this.row.estimate, input_bytes: this.inputBytes };
    const known = Object.values(unitsOf(this.row)).flatMap(
      (unit) => estimatedSeconds(job, this.rates, unit) ?? [],
    );
    return known.length > 0 ? Math.max(...known) : UNKNOWN_SECONDS;
  }

  private get mayGiveWay(): boolean {
    return this.tasks.length > this.firstTasks.length;
  }

  private get workedSeconds(): number {
    return this.time.seconds;
  }
}
