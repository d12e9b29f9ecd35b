import type { JobRow } from '../../../../core/contract/job';
import type { MachineRow } from '../../../../core/contract/machine';
import { tasksOf } from '../../../../core/jobs/job-tasks';
import { tasksIn } from '../../../../core/tasks';
import type { Services } from '../services/services';
import { HeldJob } from './held-job';
import { LearntRates } from './learnt-rates';
import { WorkClock } from './work-clock';

/** A further job is taken when one of the held jobs is expected to end within this time, in seconds. */
const EARLY_SECONDS = 10;

/**
 * It is returned if that job turns out to need longer than this, in seconds. Up to so much work, jobs are taken for a
 * service that works on several together.
 */
const RETURN_SECONDS = 60;

/** Period of checks whether it must be returned, in milliseconds. */
const PERIOD_MS = 1_000;

/** What the heartbeat says of the held jobs. */
export type HeldReport = Pick<MachineRow, 'busy_until' | 'holding' | 'speeds' | 'densities'>;

/** The jobs that this worker holds, and when they are expected to be done. */
export class HeldJobs {
  private readonly jobs = new Set<HeldJob>();
  private readonly rates = new LearntRates();
  private readonly clock: WorkClock;

  constructor(
    private readonly services: Pick<Services, 'find' | 'all'>,
    private readonly now: () => number = Date.now,
  ) {
    this.clock = new WorkClock(now);
  }

  /** Adds a claimed job. @returns the job, which `release` must remove */
  hold(row: JobRow): HeldJob {
    const names = tasksIn(tasksOf(row)).flatMap(({ task }) => this.services.find(task.name)?.name ?? []);
    const job = new HeldJob(row, [...new Set(names)], this.rates, this.clock);
    this.jobs.add(job);
    if (this.isOver) this.watch(job);
    return job;
  }

  release(job: HeldJob): void {
    job.end();
    this.jobs.delete(job);
  }

  /**
   * Whether a job may be taken although all services are in use: its input arrives by the time one is free, or it
   * shares the batches of short ones.
   *
   * @param taken number of jobs that were taken. Those that are not held yet may be long.
   */
  mayTakeEarly(taken: number): boolean {
    const jobs = [...this.jobs];
    if (jobs.length < taken) return false;
    if (!this.isOver && this.freeIn(jobs) <= EARLY_SECONDS) return true;
    return jobs.length < this.places && Math.max(...this.endsIn(jobs)) <= RETURN_SECONDS;
  }

  /** Changes when a job is taken, begins or ends. Empty without jobs. */
  get state(): string {
    return [...this.jobs].map(({ id, hasBegun }) => (hasBegun ? `${id}+` : id)).join();
  }

  report(): HeldReport {
    const jobs = [...this.jobs];
    const { speeds, densities } = this.rates;
    return {
      ...(jobs.length > 0 && {
        busy_until: Math.round(this.now() + Math.max(...this.endsIn(jobs)) * 1000),
        holding: jobs.map(({ id }) => id),
      }),
      ...(Object.keys(speeds).length > 0 && { speeds }),
      ...(Object.keys(densities).length > 0 && { densities }),
    };
  }

  /** Returns a job that was taken early if the estimate was wrong: another machine may be free. */
  private watch(job: HeldJob): void {
    const timer = setInterval(() => {
      const mayWait = this.jobs.has(job) && !job.hasBegun && this.isOver;
      if (!mayWait) return clearInterval(timer);
      if (this.freeIn([...this.jobs].filter((other) => other !== job)) <= RETURN_SECONDS) return;
      clearInterval(timer);
      job.giveBack();
    }, PERIOD_MS);
  }

  /** Whether it holds more jobs than it has services. */
  private get isOver(): boolean {
    return this.jobs.size > this.services.all.length;
  }

  /** Jobs that the services work on together. */
  private get places(): number {
    return this.services.all.reduce((sum, { jobsAtOnce }) => sum + jobsAtOnce, 0);
  }

  /** Seconds until the first of the jobs is done. */
  private freeIn(jobs: readonly HeldJob[]): number {
    return Math.min(...this.endsIn(jobs));
  }

  /** Seconds until each of the jobs is done. Each service works on one after another. */
  private endsIn(jobs: readonly HeldJob[]): number[] {
    const free = new Map<string, number>();
    const inOrder = [...jobs].sort((one, other) => Number(other.hasBegun) - Number(one.hasBegun));
    return inOrder.map(({ services, remainingSeconds }) => {
      for (const name of services) free.set(name, (free.get(name) ?? 0) + remainingSeconds);
      return Math.max(remainingSeconds, ...services.map((name) => free.get(name) ?? 0));
    });
  }
}
