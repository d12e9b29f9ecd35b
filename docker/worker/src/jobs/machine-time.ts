/** A job's share of the machine's time. */
export interface TimeShare {
  /** Seconds so far. */
  readonly seconds: number;
  /** Starts the work of a model for the job. @returns a function that ends it */
  work: () => () => void;
  /** Ends the share of the job. */
  end: () => void;
}

interface Account {
  seconds: number;
  working: number;
}

/**
 * Divides the time of a machine among its jobs, so that each second is billed once. Jobs for which
 * a model is working share the time. If there are none, the waiting jobs share it.
 */
export class MachineTime {
  private readonly accounts = new Set<Account>();
  private countedTo: number;

  constructor(private readonly now: () => number = Date.now) {
    this.countedTo = now();
  }

  /** Opens the share of a new job. */
  open(): TimeShare {
    this.count();
    const account: Account = { seconds: 0, working: 0 };
    this.accounts.add(account);
    const counted = () => {
      this.count();
      return account.seconds;
    };
    return {
      get seconds() {
        return counted();
      },
      work: () => {
        this.count();
        account.working++;
        let ended = false;
        return () => {
          this.count();
          if (!ended) account.working--;
          ended = true;
        };
      },
      end: () => {
        this.count();
        this.accounts.delete(account);
      },
    };
  }

  private count(): void {
    const now = this.now();
    const all = [...this.accounts];
    const working = all.filter((account) => account.working > 0);
    const sharing = working.length > 0 ? working : all;
    for (const account of sharing) account.seconds += (now - this.countedTo) / 1000 / sharing.length;
    this.countedTo = now;
  }
}
