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
 * Keeps a claim alive: it extends the lease in the row, then the visibility of the message, three
 * times per visibility timeout. If the row refuses, the job has ended or another worker has it, and
 * `lost` is aborted.
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

  /** Stops the extensions. Waits for a running one, so that nothing is extended afterwards. */
  async stop(): Promise<void> {
    this.ended = true;
    clearTimeout(this.timer);
    await this.beating;
  }

  /** Extends the lease now. Returns false if the job is lost or the state is unknown. */
  holds(): Promise<boolean> {
    return this.beat();
  }

  /** Reports that the row refused a change of this attempt. */
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
      // The lease survives two missed extensions. The commit is conditional, so continuing does no
      // harm.
      else log.warn({ job: id, attempt, err: error }, 'lease not extended');
      return false;
    }
    await this.delivery.hide(visibilitySeconds).catch((error: unknown) => {
      // If another worker receives the message, the lease in the row makes it wait.
      log.warn({ job: id, attempt, err: error }, 'message not hidden');
    });
    return true;
  }
}
