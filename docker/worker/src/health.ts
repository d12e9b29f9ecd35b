import type { ModelService } from './model-service';
import type { Scratch } from './scratch';

/** Whether the worker can take work, and why not. */
export class Health {
  /** Undefined before the first look. */
  private model: string | undefined = 'the model service has not been asked yet';
  private queue: string | undefined;
  private neededBytes: number | undefined;

  constructor(
    private readonly modelService: ModelService,
    private readonly scratch: Scratch,
  ) {}

  /** What is wrong; empty if nothing is. */
  get reasons(): string[] {
    const disk =
      this.neededBytes === undefined
        ? undefined
        : `the scratch disk is full: a job needs ${this.neededBytes} bytes`;
    return [this.model, this.queue, disk].filter((reason) => reason !== undefined);
  }

  /** Looks at what may have changed. Returns whether work can be taken. */
  async check(): Promise<boolean> {
    this.model = await this.modelService.unready();
    if (this.neededBytes !== undefined && (await this.scratch.free()) >= this.neededBytes) {
      this.neededBytes = undefined;
    }
    return this.model === undefined && this.neededBytes === undefined;
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
