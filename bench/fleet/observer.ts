import type { WaitingJob } from '../../core/fleet/list-scheduling';
import { jobSeconds, type Machine } from './machine';
import type { View } from './policy';
import type { Work, WorkQueue } from './work-queue';

interface Sight {
  boot: number;
  speed: number;
  staleSeconds: number;
  workEstimate: number;
  bootEstimate: number;
}

/** What policies see of the world: estimates, and a queue that may be out of date. */
export class Observer {
  /** Jobs that have started lately, so that a stale view still has them. */
  private recent: Work[] = [];

  constructor(
    private readonly queue: WorkQueue,
    private readonly machines: ReadonlySet<Machine>,
    private readonly sight: Sight,
  ) {}

  started(work: Work): void {
    if (this.sight.staleSeconds > 0) this.recent.push({ ...work });
  }

  view(now: number): View {
    const machines = [...this.machines].filter(({ noticed }) => !noticed);
    const busy = [...this.machines].filter(({ state }) => state === 'busy').length;
    const waiting = this.sight.staleSeconds > 0 ? this.waitedBefore(now) : undefined;
    return {
      now,
      visible: waiting?.length ?? this.queue.length,
      inFlight: busy,
      total: machines.length,
      inService: machines.filter(({ state }) => state !== 'booting').length,
      idle: machines.filter(({ state }) => state === 'idle').length,
      machines: () =>
        machines
          .filter((machine) => !this.isOverdue(machine, now))
          .map((machine) => ({ freeIn: this.freeIn(machine, now) })),
      waiting: () => (waiting ?? this.queue.all()).map((work) => this.estimated(work, now)),
    };
  }

  /** Jobs that waited `staleSeconds` ago. */
  private waitedBefore(now: number): Work[] {
    const then = now - this.sight.staleSeconds;
    this.recent = this.recent.filter(({ started }) => started !== undefined && started > then);
    return [...this.recent, ...this.queue.all()]
      .filter(({ arrival }) => arrival <= then)
      .sort((one, other) => one.arrival - other.arrival);
  }

  private estimated({ left, arrival }: Work, now: number): WaitingJob {
    return { waited: now - arrival, work: this.workOf(left) };
  }

  private workOf(audio: number): number {
    return jobSeconds(audio, this.sight.speed) * this.sight.workEstimate;
  }

  private bootSeconds(): number {
    return this.sight.boot * this.sight.bootEstimate;
  }

  private isOverdue({ state, requested }: Machine, now: number): boolean {
    return state === 'booting' && now > requested + 2 * this.bootSeconds();
  }

  private freeIn({ state, requested, since, job }: Machine, now: number): number {
    if (state === 'booting') return Math.max(0, requested + this.bootSeconds() - now);
    return job === undefined ? 0 : Math.max(0, since + this.workOf(job.left) - now);
  }
}
