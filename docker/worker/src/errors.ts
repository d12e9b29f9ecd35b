import { SpotscribeError } from '../../../core/contract/errors';

/** The worker is stopping. Its jobs return to the queue. */
export class Stopping extends SpotscribeError {
  override readonly name = 'Stopping';

  constructor() {
    super('internal', 'The worker is stopping');
  }
}

/** The job was taken before the worker has time for it. It returns to the queue. */
export class TakenTooEarly extends SpotscribeError {
  override readonly name = 'TakenTooEarly';

  constructor() {
    super('internal', 'The job before this one takes longer than expected');
  }
}

/** The scratch disk has no room for the input of a job. */
export class DiskFull extends SpotscribeError {
  override readonly name = 'DiskFull';

  /** @param neededBytes size of the input */
  constructor(
    readonly neededBytes: number,
    options?: ErrorOptions,
  ) {
    super('internal', `The scratch disk has no room for ${neededBytes} bytes of input`, options);
  }
}

/** The worker cannot take another request now. */
export class Crowded extends SpotscribeError {
  override readonly name = 'Crowded';

  constructor(message: string) {
    super('busy', `${message}. Try again later`);
  }
}

/**
 * The model service is not available, closed the connection, or its answer does not match the
 * contract.
 */
export class ModelServiceFailed extends SpotscribeError {
  override readonly name: string = 'ModelServiceFailed';

  constructor(message: string, options?: ErrorOptions) {
    super('internal', message, options);
  }
}

/**
 * The circuit breaker was open, or the model service was not ready, when the job's turn came. The
 * service did not receive the job, so this is not a failure of the job. If the service cannot load
 * its model, or is not ready after the full wait, the error is {@link ModelServiceFailed} instead:
 * otherwise jobs would wait forever.
 */
export class ServiceUnready extends ModelServiceFailed {
  override readonly name = 'ServiceUnready';
}

/** Converts any error to a SpotscribeError. An unknown error is internal and retryable. */
export const asSpotscribeError = (error: unknown): SpotscribeError =>
  error instanceof SpotscribeError
    ? error
    : new SpotscribeError('internal', error instanceof Error ? error.message : String(error), {
        cause: error,
      });
