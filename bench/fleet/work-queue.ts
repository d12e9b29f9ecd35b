import type { Job } from './trace';

/** A job and what is left of it. */
export interface Work extends Job {
  /** Its place among all jobs. */
  number: number;
  /** Seconds of audio left. */
  left: number;
  /** When a machine took it first. */
  started?: number;
  /** When a machine took it last. */
  taken?: number;
}

/** Above this share of the jobs in work, or of the time worked, a tenant is busy. */
const BUSY_SHARE = 0.1;

/** With fewer jobs in work, their share says nothing. */
const LEAST_BUSY = 30;

/** Waiting jobs. */
export class WorkQueue {
  private readonly groups = new Map<string, Group>();

  /**
   * @param isFair whether jobs of busy tenants wait while others have jobs, as in SQS's fair queues
   *   (docs/decisions/048); otherwise the oldest job goes first
   */
  constructor(private readonly isFair: boolean) {}

  get length(): number {
    return [...this.groups.values()].reduce((total, { length }) => total + length, 0);
  }

  add(work: Work): void {
    this.group(work).add(work);
  }

  putBack(work: Work, now: number): void {
    this.finished(work, now);
    this.group(work).putBack(work);
  }

  take(now: number): Work | undefined {
    const [first, ...others] = [...this.groups.values()].filter(({ length }) => length > 0);
    const next = others.reduce((best, group) => (this.isBefore(group, best!) ? group : best), first);
    return next?.take(now);
  }

  /** A job that was taken has ended. */
  finished(work: Work, now: number): void {
    this.group(work).finished(work, now);
  }

  /** The oldest first. */
  all(): Work[] {
    const [only, ...others] = this.groups.values();
    if (only === undefined) return [];
    if (others.length === 0) return only.all();
    return [only, ...others].flatMap((group) => group.all()).sort(byArrival);
  }

  /** Whether a group is served before another. Both have jobs. */
  private isBefore(one: Group, other: Group): boolean {
    const isBusy = this.isBusy(one);
    if (isBusy !== this.isBusy(other)) return !isBusy;
    if (isBusy && one.inWork !== other.inWork) return one.inWork < other.inWork;
    return one.oldest < other.oldest;
  }

  private isBusy({ inWork, worked }: Group): boolean {
    const all = [...this.groups.values()];
    const total = (of: 'inWork' | 'worked') => all.reduce((sum, group) => sum + group[of], 0);
    const hasMany = inWork >= LEAST_BUSY && inWork > BUSY_SHARE * total('inWork');
    return hasMany || worked > BUSY_SHARE * total('worked');
  }

  private group({ tenant = '' }: Work): Group {
    const name = this.isFair ? tenant : '';
    let group = this.groups.get(name);
    if (group === undefined) this.groups.set(name, (group = new Group()));
    return group;
  }
}

const byArrival = (one: Job, other: Job) => one.arrival - other.arrival;

/** Waiting jobs of one tenant, or of all, oldest first. */
class Group {
  inWork = 0;
  /** Seconds of machines that its jobs took so far. */
  worked = 0;
  /** Jobs of interrupted machines: older than all others. */
  private returned: Work[] = [];
  private fresh: Work[] = [];
  private head = 0;

  get length(): number {
    return this.returned.length + this.fresh.length - this.head;
  }

  /** Arrival of its first job. */
  get oldest(): number {
    return this.first?.arrival ?? Infinity;
  }

  add(work: Work): void {
    this.fresh.push(work);
  }

  putBack(work: Work): void {
    this.returned.push(work);
    this.returned.sort(byArrival);
  }

  take(now: number): Work | undefined {
    const work = this.first;
    if (work === undefined) return undefined;
    this.inWork++;
    work.taken = now;
    if (this.returned.length > 0) return this.returned.shift();
    if (++this.head > 1000) {
      this.fresh = this.fresh.slice(this.head);
      this.head = 0;
    }
    return work;
  }

  finished({ taken = 0 }: Work, now: number): void {
    this.inWork--;
    this.worked += now - taken;
  }

  all(): Work[] {
    return [...this.returned, ...this.fresh.slice(this.head)];
  }

  private get first(): Work | undefined {
    return this.returned[0] ?? this.fresh[this.head];
  }
}
