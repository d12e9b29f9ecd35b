/** A job's share of the machine's time. */
export interface TimeShare {
  /** Seconds so far. */
  readonly seconds: number;
  /** A model begins to work for the job. @returns what ends that */
  work: () => () => void;
  /** The job is done with. */
  end: () => void;
}

interface Account {
  seconds: number;
  working: number;
}

/**
 * Shares a machine's time among the jobs that it has in hand, so that each second is on one receipt only, or on several
 * in parts: jobs that a model works for share it, and only while there are none, those that wait.
 */
export class MachineTime {
  private readonly accounts = new Set<Account>();
  private countedTo: number;

  constructor(private readonly now: () => number = Date.now) {
    this.countedTo = now();
  }

  /** The share of a job that has just come. */
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
