/** Time for which services have worked on a job. */
export interface WorkAccount {
  readonly seconds: number;
  /** Starts the work of a service. @returns a function that ends it */
  work: (service: string) => () => void;
  /** Ends all work. */
  close: () => void;
}

interface Use {
  time: { seconds: number };
  service: string;
}

/**
 * Divides the time of each service among the jobs that it works on at once. A job for which several services work
 * gets the largest of its shares.
 */
export class WorkClock {
  private readonly uses = new Set<Use>();
  private countedTo: number;

  constructor(private readonly now: () => number) {
    this.countedTo = now();
  }

  /** Opens the account of a job. */
  open(): WorkAccount {
    const time = { seconds: 0 };
    const count = () => this.count();
    return {
      get seconds() {
        count();
        return time.seconds;
      },
      work: (service) => {
        this.count();
        const use: Use = { time, service };
        this.uses.add(use);
        return () => {
          this.count();
          this.uses.delete(use);
        };
      },
      close: () => {
        this.count();
        for (const use of this.uses) if (use.time === time) this.uses.delete(use);
      },
    };
  }

  private count(): void {
    const now = this.now();
    const passed = (now - this.countedTo) / 1000;
    this.countedTo = now;
    const shares = new Map<Use['time'], number>();
    for (const { time, service } of this.uses)
      shares.set(time, Math.max(shares.get(time) ?? 0, 1 / this.jobsAt(service)));
    for (const [time, share] of shares) time.seconds += passed * share;
  }

  private jobsAt(service: string): number {
    return new Set([...this.uses].filter((use) => use.service === service).map(({ time }) => time)).size;
  }
}
