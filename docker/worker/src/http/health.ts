import type { GuardedService } from '../services/guarded-service';
import type { Scratch } from '../jobs/scratch';

/** Health of the worker: whether it can take work, and if not, why. */
export class Health {
  /** For each model service, the reason why it cannot take work. Undefined if it can. */
  private models: (string | undefined)[] = ['the model services have not been checked yet'];
  private queue: string | undefined;
  private neededBytes: number | undefined;
  /** Epoch milliseconds since when the worker cannot take work. Undefined while it can. */
  private unfitSince: number | undefined = Date.now();

  constructor(
    private readonly services: Pick<GuardedService, 'unready' | 'idleSeconds'>[],
    private readonly scratch: Scratch,
  ) {}

  /** Reasons why the worker is unhealthy. Empty if it is healthy. */
  get reasons(): string[] {
    const disk =
      this.neededBytes === undefined
        ? undefined
        : `the scratch disk is full: a job needs ${this.neededBytes} bytes`;
    const models = this.ready ? [] : this.models;
    return [...models, this.queue, disk].filter((reason) => reason !== undefined);
  }

  /** Reasons of unavailable model services, while another one is available. */
  get missed(): string[] {
    return this.ready ? this.models.filter((reason) => reason !== undefined) : [];
  }

  /** Seconds for which the worker could not take work. 0 while it can. */
  get unfitSeconds(): number {
    return this.unfitSince === undefined ? 0 : (Date.now() - this.unfitSince) / 1000;
  }

  /** One model is enough to take work. The result says what is missing. */
  private get ready(): boolean {
    return this.models.includes(undefined);
  }

  /**
   * Seconds since the last request of any model service. With synchronous requests, this worker is
   * not their only client. 0 while a service is not ready, until it counts as broken.
   */
  async modelsIdleSeconds(): Promise<number> {
    return Math.min(...(await Promise.all(this.services.map((service) => service.idleSeconds()))));
  }

  /** Updates the state. Returns whether the worker can take work. */
  async check(): Promise<boolean> {
    this.models = await Promise.all(this.services.map((service) => service.unready()));
    if (this.neededBytes !== undefined && (await this.scratch.free()) >= this.neededBytes) {
      this.neededBytes = undefined;
    }
    const fit = this.ready && this.neededBytes === undefined;
    this.unfitSince = fit ? undefined : (this.unfitSince ?? Date.now());
    return fit;
  }

  /** Reports that the disk had no room for a job of this size. */
  diskFull(neededBytes: number): void {
    this.neededBytes = neededBytes;
  }

  /** Reports whether the queue answers; otherwise, the failure. */
  queueAnswers(failure?: string): void {
    this.queue = failure && `the queue does not answer: ${failure}`;
  }
}
