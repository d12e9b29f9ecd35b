import { BrokenCircuitError, circuitBreaker, CircuitState, ConsecutiveBreaker, handleType } from 'cockatiel';
import { ModelServiceFailed, ServiceUnready } from '../errors';
import type { Log } from '../log';

export interface BreakerOptions {
  /** Name of the service, for messages. */
  name: string;
  /** Consecutive failures after which it opens. */
  failures: number;
  /** Milliseconds for which it stays open. The next work then tries the service. */
  restMs: number;
  log: Log;
}

/** A circuit breaker that says for how long, and why, a service is not used. */
export class RestingBreaker {
  private readonly breaker;
  /** End of the open state, in epoch milliseconds. */
  private restsUntil = 0;
  private lastFailure = '';

  constructor(private readonly options: BreakerOptions) {
    const { name: service, failures, restMs, log } = options;
    this.breaker = circuitBreaker(handleType(ModelServiceFailed), {
      halfOpenAfter: restMs,
      breaker: new ConsecutiveBreaker(failures),
    });
    this.breaker.onBreak(() => {
      this.restsUntil = Date.now() + restMs;
      log.warn({ service, rest_ms: restMs, reason: this.lastFailure }, 'circuit breaker opened');
    });
    this.breaker.onReset(() => {
      this.restsUntil = 0;
      log.info({ service }, 'circuit breaker closed');
    });
  }

  /** Whether it is open. */
  get rests(): boolean {
    return Date.now() < this.restsUntil;
  }

  /** Whether the next work tries the service after failures. */
  get isOnTrial(): boolean {
    return this.breaker.state !== CircuitState.Closed;
  }

  get reason(): string {
    return `The ${this.options.name} service failed repeatedly and is not used for a while; last failure: ${this.lastFailure}`;
  }

  /** @throws ServiceUnready if it is open */
  async execute<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await this.breaker.execute(() => this.noted(work));
    } catch (error) {
      throw error instanceof BrokenCircuitError ? new ServiceUnready(this.reason) : error;
    }
  }

  private async noted<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      if (error instanceof ModelServiceFailed) this.lastFailure = error.message;
      throw error;
    }
  }
}
