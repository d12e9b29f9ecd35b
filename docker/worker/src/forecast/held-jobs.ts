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

/**
 * Held jobs of which only tasks remain that give way. Other machines get work, and a lost machine returns few jobs.
 */
const MOST_BEHIND = 3;

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
    private readonly services: Pick<Services, 'find' | 'givesWay' | 'all'>,
    private readonly now: () => number = Date.now,
  ) {
    this.clock = new WorkClock(now);
  }

  /** Adds a claimed job. @returns the job, which `release` must remove */
  hold(row: JobRow): HeldJob {
    const tasks = tasksIn(tasksOf(row)).flatMap(({ task: { name: task } }) => {
      const service = this.services.find(task)?.name;
      return service === undefined ? [] : [{ task, service, givesWay: this.services.givesWay(task) }];
    });
    const job = new HeldJob(row, tasks, this.rates, this.clock);
    this.jobs.add(job);
    if (this.isOver) this.watch(job);
    return job;
  }

  release(job: HeldJob): void {
    job.end();
    this.jobs.delete(job);
  }

  /**
   * Whether a job may be taken although there is one for each service: these jobs give way to it, its input arrives
   * by the time a service is free, or it shares the batches of short ones.
   *
   * @param taken number of jobs that were taken. Those that are not held yet may be long.
   */
  mayTakeEarly(taken: number): boolean {
    const { ahead } = this;
    if (this.jobs.size < taken || this.jobs.size - ahead.length >= MOST_BEHIND) return false;
    if (ahead.length < this.services.all.length) return true;
    if (!this.isOver && freeIn(ahead) <= EARLY_SECONDS) return true;
    return ahead.length < this.places && Math.max(...endsIn(ahead.map(first))) <= RETURN_SECONDS;
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
        busy_until: Math.round(this.now() + Math.max(...endsIn(jobs)) * 1000),
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
      if (freeIn(this.ahead.filter((other) => other !== job)) <= RETURN_SECONDS) return;
      clearInterval(timer);
      job.giveBack();
    }, PERIOD_MS);
  }

  /** The jobs for which the next one waits. */
  private get ahead(): HeldJob[] {
    return [...this.jobs].filter(({ isAhead }) => isAhead);
  }

  /** Whether there are more of these than services. */
  private get isOver(): boolean {
    return this.ahead.length > this.services.all.length;
  }

  /** Jobs that the services work on together. */
  private get places(): number {
    return this.services.all.reduce((sum, { jobsAtOnce }) => sum + jobsAtOnce, 0);
  }
}

/** Work that waits for services. */
type Work = Pick<HeldJob, 'services' | 'remainingSeconds' | 'hasBegun'>;

/** The tasks of a job that go first. */
const first = ({ firstServices: services, aheadSeconds: remainingSeconds, hasBegun }: HeldJob): Work => ({
  services,
  remainingSeconds,
  hasBegun,
});

/** Seconds until the next job need not wait for one of these jobs any more. */
const freeIn = (jobs: readonly HeldJob[]): number => Math.min(...endsIn(jobs.map(first)));

/** Seconds until each work is done. Each service does one after another. */
function endsIn(works: readonly Work[]): number[] {
  const free = new Map<string, number>();
  const inOrder = [...works].sort((one, other) => Number(other.hasBegun) - Number(one.hasBegun));
  return inOrder.map(({ services, remainingSeconds }) => {
    for (const name of services) free.set(name, (free.get(name) ?? 0) + remainingSeconds);
    return Math.max(remainingSeconds, ...services.map((name) => free.get(name) ?? 0));
  });
}
