import type { JobStore } from '../../../lambda/job-store';
import { StaleAttempt } from '../../../lambda/errors';
import type { Log } from './log';
import type { Delivery } from './queue';

export interface LeaseOptions {
  store: Pick<JobStore, 'extendLease'>;
  visibilitySeconds: number;
  log: Log;
}

/**
 * Keeps a claim alive: first the row's lease, then the message's visibility, three times in each of its lengths.
 * When the row refuses, the job is somebody else's or has ended, and `lost` aborts the work on it.
 */
export class Lease {
  private readonly losing = new AbortController();
  private timer: NodeJS.Timeout | undefined;
  private beating: Promise<void> = Promise.resolve();

  constructor(
    private readonly claim: { id: string; attempt: number },
    private readonly delivery: Delivery,
    private readonly options: LeaseOptions,
  ) {}

  get lost(): AbortSignal {
    return this.losing.signal;
  }

  start(): void {
    const { visibilitySeconds } = this.options;
    this.timer = setInterval(
      () => {
        this.beating = this.beating.then(() => this.beat());
      },
      (visibilitySeconds * 1000) / 3,
    );
  }

  /** Ends the heartbeat; one that is under way is waited for, so that nothing is extended after this. */
  async stop(): Promise<void> {
    clearInterval(this.timer);
    await this.beating;
  }

  /** Called when the row refuses a change of this attempt. */
  lose(reason: StaleAttempt): void {
    clearInterval(this.timer);
    this.losing.abort(reason);
  }

  private async beat(): Promise<void> {
    if (this.lost.aborted) return;
    const { store, visibilitySeconds, log } = this.options;
    const { id, attempt } = this.claim;
    try {
      await store.extendLease(id, attempt, Date.now() + visibilitySeconds * 1000);
      await this.delivery.hide(visibilitySeconds);
    } catch (error) {
      if (error instanceof StaleAttempt) return this.lose(error);
      // The lease outlives two missed beats. A commit is conditional anyway: working on does no harm.
      log.warn({ job: id, attempt, err: error }, 'heartbeat failed');
    }
  }
}
