import type { GuardedService } from '../services/guarded-service';
import type { Scratch } from '../jobs/scratch';

/** Whether the worker can take work, and why not. */
export class Health {
  /** Why each model service takes no work now; undefined for one that does. */
  private models: (string | undefined)[] = ['the model services have not been asked yet'];
  private queue: string | undefined;
  private neededBytes: number | undefined;
  /** Epoch milliseconds since when no work can be taken; undefined while it can. */
  private unfitSince: number | undefined = Date.now();

  constructor(
    private readonly services: Pick<GuardedService, 'unready' | 'idleSeconds'>[],
    private readonly scratch: Scratch,
  ) {}

  /** What is wrong; empty if nothing is. */
  get reasons(): string[] {
    const disk =
      this.neededBytes === undefined
        ? undefined
        : `the scratch disk is full: a job needs ${this.neededBytes} bytes`;
    const models = this.ready ? [] : this.models;
    return [...models, this.queue, disk].filter((reason) => reason !== undefined);
  }

  /** Model services that are missed, while others do their part of the work. */
  get missed(): string[] {
    return this.ready ? this.models.filter((reason) => reason !== undefined) : [];
  }

  /** For how long no work could be taken; 0 while it can. */
  get unfitSeconds(): number {
    return this.unfitSince === undefined ? 0 : (Date.now() - this.unfitSince) / 1000;
  }

  /** One model is enough to take work: what the other would have done is told in the result. */
  private get ready(): boolean {
    return this.models.includes(undefined);
  }

  /**
   * For how long no model service has had a request: others than this worker send them, too, where they answer in place.
   * 0 while one of them is not ready, until it counts as broken.
   */
  async modelsIdleSeconds(): Promise<number> {
    return Math.min(...(await Promise.all(this.services.map((service) => service.idleSeconds()))));
  }

  /** Looks at what may have changed. Returns whether work can be taken. */
  async check(): Promise<boolean> {
    this.models = await Promise.all(this.services.map((service) => service.unready()));
    if (this.neededBytes !== undefined && (await this.scratch.free()) >= this.neededBytes) {
      this.neededBytes = undefined;
    }
    const fit = this.ready && this.neededBytes === undefined;
    this.unfitSince = fit ? undefined : (this.unfitSince ?? Date.now());
    return fit;
  }

  /** A job found no room for so many bytes. */
  diskFull(neededBytes: number): void {
    this.neededBytes = neededBytes;
  }

  /** Whether the queue answers, and what it says if it does not. */
  queueAnswers(failure?: string): void {
    this.queue = failure && `the queue does not answer: ${failure}`;
  }
}
