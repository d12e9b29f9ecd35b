import type { Job } from './trace';

/** A job and what is left of it. */
export interface Work extends Job {
  /** Its place among all jobs. */
  number: number;
  /** Seconds of audio left. */
  left: number;
  /** When a machine took it first. */
  started?: number;
}

/** Waiting jobs, oldest first. */
export class WorkQueue {
  /** Jobs of interrupted machines: older than all others. */
  private returned: Work[] = [];
  private fresh: Work[] = [];
  private head = 0;

  get length(): number {
    return this.returned.length + this.fresh.length - this.head;
  }

  add(work: Work): void {
    this.fresh.push(work);
  }

  putBack(work: Work): void {
    this.returned.push(work);
    this.returned.sort((one, other) => one.arrival - other.arrival);
  }

  take(): Work | undefined {
    if (this.returned.length > 0) return this.returned.shift();
    const work = this.fresh[this.head];
    if (work !== undefined && ++this.head > 1000) {
      this.fresh = this.fresh.slice(this.head);
      this.head = 0;
    }
    return work;
  }

  all(): Work[] {
    return [...this.returned, ...this.fresh.slice(this.head)];
  }
}
