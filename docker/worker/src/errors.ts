import { SpotscribeError } from '../../../core/contract/errors';

/** The worker was told to stop: its jobs go back to the queue. */
export class Stopping extends SpotscribeError {
  override readonly name = 'Stopping';

  constructor() {
    super('internal', 'The worker was told to stop');
  }
}

/** There is no room for a job's audio. */
export class DiskFull extends SpotscribeError {
  override readonly name = 'DiskFull';

  /** @param neededBytes what the audio takes */
  constructor(
    readonly neededBytes: number,
    options?: ErrorOptions,
  ) {
    super('internal', `The scratch disk has no room for ${neededBytes} bytes of audio`, options);
  }
}

/** There is no room for a request now. */
export class Crowded extends SpotscribeError {
  override readonly name = 'Crowded';

  constructor(message: string) {
    super('busy', `${message}. Try again later`);
  }
}

/** The model service is not there, broke off, or answered what the contract does not know. */
export class ModelServiceFailed extends SpotscribeError {
  override readonly name: string = 'ModelServiceFailed';

  constructor(message: string, options?: ErrorOptions) {
    super('internal', message, options);
  }
}

/**
 * The model service was left alone, or loaded its model, when a job's turn came: it has not seen the job, so the job has
 * not failed. One that cannot load its model, or is not ready after the whole wait, is a {@link ModelServiceFailed}: jobs
 * would wait for it without end.
 */
export class ServiceUnready extends ModelServiceFailed {
  override readonly name = 'ServiceUnready';
}

/** Any failure as one of the family; what is not known is ours, and worth another try. */
export const asSpotscribeError = (error: unknown): SpotscribeError =>
  error instanceof SpotscribeError
    ? error
    : new SpotscribeError('internal', error instanceof Error ? error.message : String(error), {
        cause: error,
      });
