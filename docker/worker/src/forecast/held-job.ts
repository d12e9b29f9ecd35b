import type { JobRow } from '../../../../core/contract/job';
import type { Measures } from '../../../../core/contract/values';
import { estimatedSeconds, UNKNOWN_SECONDS } from '../../../../core/fleet/work-rates';
import { unitsOf } from '../../../../core/jobs/job-tasks';
import { TakenTooEarly } from '../errors';
import type { LearntRates } from './learnt-rates';
import { remainingSeconds } from './remaining';
import type { WorkClock } from './work-clock';

/** A job that this worker holds: what is known of its remaining work. */
export class HeldJob {
  /** Whether a model has begun to work on it. */
  hasBegun = false;
  private inputBytes: number | undefined;
  private from = 0;
  private progress = 0;
  private advancedAt = 0;
  private isResumed = false;
  private readonly time;
  private readonly returning = new AbortController();

  /** @param services names of the services that do its tasks */
  constructor(
    private readonly row: JobRow,
    readonly services: readonly string[],
    private readonly rates: LearntRates,
    clock: WorkClock,
  ) {
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
    const { from, progress, workedSeconds: worked } = this;
    return remainingSeconds({
      ...{ expected: this.expectedSeconds, worked, from, progress },
      quiet: worked - this.advancedAt,
    });
  }

  /** Records that its input was downloaded. */
  arrived(bytes: number): void {
    this.inputBytes = bytes;
  }

  /** Records that it continues the work of an earlier attempt. */
  resume(progress: number): void {
    this.isResumed = true;
    this.from = this.progress = progress;
  }

  /** Starts the work of a service. @returns a function that ends it */
  work(service: string): () => void {
    this.hasBegun = true;
    return this.time.work(service);
  }

  /** Records its progress, 0 to 1. */
  advance(progress: number): void {
    if (progress <= this.progress) return;
    this.progress = progress;
    this.advancedAt = this.workedSeconds;
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

  private get workedSeconds(): number {
    return this.time.seconds;
  }
}
