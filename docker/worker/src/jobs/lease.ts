import type { JobStore } from '../../../../core/jobs/job-store';
import { StaleAttempt } from '../../../../core/contract/errors';
import type { Log } from '../log';
import type { Delivery } from '../queue/queue';

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
  private ended = false;
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
    const period = (this.options.visibilitySeconds * 1000) / 3;
    this.timer = setTimeout(() => {
      this.beating = this.beat().then(() => {
        if (!this.ended) this.start();
      });
    }, period);
  }

  /** Ends the heartbeat; one that is under way is waited for, so that nothing is extended after this. */
  async stop(): Promise<void> {
    this.ended = true;
    clearTimeout(this.timer);
    await this.beating;
  }

  /** Extends the lease at once. Returns false if the job is lost, or nothing can be said. */
  holds(): Promise<boolean> {
    return this.beat();
  }

  /** Called when the row refuses a change of this attempt. */
  lose(reason: StaleAttempt): void {
    this.ended = true;
    clearTimeout(this.timer);
    this.losing.abort(reason);
  }

  private async beat(): Promise<boolean> {
    const { store, visibilitySeconds, log } = this.options;
    const { id, attempt } = this.claim;
    try {
      await store.extendLease(id, attempt, Date.now() + visibilitySeconds * 1000);
    } catch (error) {
      if (error instanceof StaleAttempt) this.lose(error);
      // The lease outlives two missed beats. A commit is conditional anyway: working on does no harm.
      else log.warn({ job: id, attempt, err: error }, 'lease not extended');
      return false;
    }
    await this.delivery.hide(visibilitySeconds).catch((error: unknown) => {
      // Received by another worker, whom the row's lease tells to wait.
      log.warn({ job: id, attempt, err: error }, 'message not hidden');
    });
    return true;
  }
}
