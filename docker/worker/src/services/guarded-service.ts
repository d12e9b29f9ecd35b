import { setTimeout as sleep } from 'node:timers/promises';
import { BrokenCircuitError, circuitBreaker, CircuitState, ConsecutiveBreaker, handleType } from 'cockatiel';
import type { Analysis, AnalyzeEvent, AnalyzeRequest } from '../../../../core/contract/analysis';
import type { TranscribeEvent, TranscribeRequest } from '../../../../core/contract/transcription';
import type { Transcript } from '../../../../core/contract/transcript';
import { ModelServiceFailed, ServiceUnready } from '../errors';
import type { Log } from '../log';
import type { ModelService, ServiceState } from './model-service';
import { Turn } from './turn';

export interface Guards {
  /** Failures in a row after which the service is left alone. @default 2 */
  failures?: number;
  /** Milliseconds for which it is left alone; the next job after that tries it. @default 30000 */
  restMs?: number;
  /**
   * How long a job waits in all, for a service that loads its model (gigabytes come from a disk), or that is stuck and about
   * to end. @default 900000
   */
  loadingMs?: number;
  /** How long it waits at once for one that does not answer: a container takes seconds to start. @default 30000 */
  absentMs?: number;
  /**
   * Time without being ready after which it has no work, whatever it did before: stuck work has ended by then. As long as
   * a machine keeps that can take no work. @default 1200000
   */
  brokenMs?: number;
}

/** Pause before another look at a service that is not ready. */
const LOOK_MS = 500;

/** Told as the work goes on; the work waits for what it returns. */
export type On<E> = (event: E) => Promise<void> | void;

/** What a job tells, and is told, of its use of a service. */
export interface Use {
  signal: AbortSignal;
  /** The service is this job's from now on. @returns what is called when it no longer is */
  begin: () => () => void;
}

/**
 * A model service as jobs use it: one at a time, when it is ready; and after failures in a row it is left alone for a
 * while, so that the next jobs lose no time with it.
 */
export class GuardedService {
  private readonly turn = new Turn();
  private readonly breaker;
  /** Epoch milliseconds until which the service is left alone. */
  private restsUntil = 0;
  private lastFailure = '';
  /** Epoch milliseconds of the first look in a row that found it not ready; undefined while it is ready. */
  private unreadySince: number | undefined;

  constructor(
    private readonly service: ModelService,
    log: Log,
    private readonly guards: Guards = {},
  ) {
    const { failures = 2, restMs = 30_000 } = guards;
    this.breaker = circuitBreaker(handleType(ModelServiceFailed), {
      halfOpenAfter: restMs,
      breaker: new ConsecutiveBreaker(failures),
    });
    this.breaker.onBreak(() => {
      this.restsUntil = Date.now() + restMs;
      log.warn({ service: this.name, rest_ms: restMs, reason: this.lastFailure }, 'circuit breaker opened');
    });
    this.breaker.onReset(() => {
      this.restsUntil = 0;
      log.info({ service: this.name }, 'circuit breaker closed');
    });
  }

  get name(): string {
    return this.service.name;
  }

  /** Whether the service is left alone after failures. */
  get rests(): boolean {
    return Date.now() < this.restsUntil;
  }

  /** Why it takes no work now; undefined if it does. Never throws. */
  async unready(): Promise<string | undefined> {
    return this.rests ? this.restReason() : this.unreadyItself();
  }

  /** The same by what the service says, whatever has become of jobs. Never throws. */
  async unreadyItself(): Promise<string | undefined> {
    const state = await this.look();
    return state.state === 'ready' ? undefined : state.reason;
  }

  /**
   * For how long it has had no request, anybody's. 0 while it is not ready: it may load, or work and be too busy to answer.
   * Infinite if it does not count its requests, and once it has not been ready for `brokenMs`. Never throws.
   */
  async idleSeconds(): Promise<number> {
    const { brokenMs = 1_200_000 } = this.guards;
    const state = await this.look();
    if (state.state === 'ready') return state.idleSeconds ?? Infinity;
    const unreadyMs = Date.now() - (this.unreadySince ?? Date.now());
    return unreadyMs >= brokenMs ? Infinity : 0;
  }

  /**
   * Transcribes a file.
   *
   * @throws as {@link ModelService.transcribe}
   * @throws ServiceUnready if the service is left alone, or not yet ready to be tried again
   * @throws ModelServiceFailed if it cannot load its model, or is not ready after the whole wait
   */
  transcribe(request: TranscribeRequest, use: Use, on: On<TranscribeEvent>): Promise<Transcript> {
    return this.use(use, async () => {
      for await (const event of this.service.transcribe(request, use.signal)) {
        await on(event);
        if (event.type === 'result') return event.transcript;
      }
      throw this.withoutResult();
    });
  }

  /** Understands a file. Throws as `transcribe`. */
  analyze(request: AnalyzeRequest, use: Use, on: On<AnalyzeEvent>): Promise<Analysis> {
    return this.use(use, async () => {
      for await (const event of this.service.analyze(request, use.signal)) {
        await on(event);
        if (event.type === 'result') return event.analysis;
      }
      throw this.withoutResult();
    });
  }

  private withoutResult(): ModelServiceFailed {
    return new ModelServiceFailed(`The ${this.name} service sent no result`);
  }

  private async use<T>({ signal, begin }: Use, work: () => Promise<T>): Promise<T> {
    const guarded = async () => {
      try {
        await this.ready(signal);
        const end = begin();
        return await work().finally(end);
      } catch (error) {
        if (error instanceof ModelServiceFailed) this.lastFailure = error.message;
        throw error;
      }
    };
    // The breaker within the turn: whoever waited learns of failures meanwhile, and nobody waits for another's trial
    // without being able to give up.
    const leave = await this.turn.take(signal);
    try {
      return await this.breaker.execute(guarded);
    } catch (error) {
      throw error instanceof BrokenCircuitError ? new ServiceUnready(this.restReason()) : error;
    } finally {
      leave();
    }
  }

  /** Waits for the service to be ready; one that is on trial after failures must be so at once. */
  private async ready(signal: AbortSignal): Promise<void> {
    const { loadingMs = 900_000, absentMs = 30_000 } = this.guards;
    const onTrial = this.breaker.state !== CircuitState.Closed;
    const began = Date.now();
    // A service that is stuck ends, starts and loads: each of these has a time of its own.
    let since = began;
    let state: ServiceState['state'] | undefined;
    for (;;) {
      signal.throwIfAborted();
      const found = await this.look();
      if (found.state === 'ready') return;
      if (found.state !== state) since = Date.now();
      state = found.state;
      const reason = capitalised(found.reason);
      if (state === 'failed') throw new ModelServiceFailed(reason);
      if (onTrial) throw new ServiceUnready(reason);
      const limit = { loading: loadingMs, absent: absentMs }[state];
      const now = Date.now();
      if (now - since >= limit || now - began >= loadingMs) throw new ModelServiceFailed(reason);
      await sleep(LOOK_MS, undefined, { signal }).catch(() => signal.throwIfAborted());
    }
  }

  private async look(): Promise<ServiceState> {
    const found = await this.service.state();
    this.unreadySince = found.state === 'ready' ? undefined : (this.unreadySince ?? Date.now());
    return found;
  }

  private restReason(): string {
    return `The ${this.name} service failed again and again and is left alone for a while; last: ${this.lastFailure}`;
  }
}

const capitalised = (sentence: string) => sentence.charAt(0).toUpperCase() + sentence.slice(1);
