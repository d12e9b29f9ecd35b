import { setTimeout as sleep } from 'node:timers/promises';
import type { TaskName } from '../../../../core/contract/names';
import type { Task, TaskTypes } from '../../../../core/tasks/task';
import { ModelServiceFailed, ServiceUnready } from '../errors';
import type { Log } from '../log';
import type { ModelService, ServiceState } from './model-service';
import { Places } from './places';
import { RestingBreaker } from './resting-breaker';
import { type Begin, Turns } from './turns';

export interface Guards {
  /** Consecutive failures after which the circuit breaker opens. @default 2 */
  failures?: number;
  /**
   * Milliseconds for which the circuit breaker stays open; the next job then tries the service.
   * @default 30000
   */
  restMs?: number;
  /**
   * Longest total wait in milliseconds, for a service that loads its model (gigabytes from a disk),
   * or that is stuck and about to exit. @default 900000
   */
  loadingMs?: number;
  /**
   * Longest wait in milliseconds for a service that does not answer: a container starts within
   * seconds. @default 30000
   */
  absentMs?: number;
  /**
   * Milliseconds without being ready after which the service counts as idle: stuck work has ended
   * by then. It is also the time after which a machine that cannot take work terminates itself.
   * @default 1200000
   */
  brokenMs?: number;
}

/** Pause between checks of a service that is not ready, in milliseconds. */
const LOOK_MS = 500;

/** Callback for events. The work waits for the returned promise. */
export type On<E> = (event: E) => Promise<void> | void;

/** One use of a service by a job. */
export interface Use {
  signal: AbortSignal;
  begin: Begin;
}

/** The callers that wait for each other, and see the failures of each other. */
interface Lane {
  givesWay: boolean;
  places: Places;
  breaker: RestingBreaker;
}

/**
 * Lets jobs use a model service when it is ready: as many at once as it works on together, usually one. A task
 * that gives way begins when no other task uses the service or waits for it. If one comes later, both go on.
 * After consecutive failures a circuit breaker opens, so that the next jobs do not wait for the service.
 */
export class GuardedService {
  /** Jobs that the service works on together, as it last said. */
  jobsAtOnce = 1;
  private readonly turns = new Turns();
  private readonly first: Lane;
  private readonly behind: Lane;
  /** Epoch milliseconds since when it is not ready. Undefined while it is ready. */
  private unreadySince: number | undefined;

  constructor(
    private readonly service: ModelService,
    log: Log,
    private readonly guards: Guards = {},
  ) {
    const { failures = 2, restMs = 30_000 } = guards;
    // A trial of one lane may take long, and must not hold up the other one.
    const breaker = () => new RestingBreaker({ name: this.name, failures, restMs, log });
    const behind = new Places(() => (this.first.places.isUsed ? 0 : this.jobsAtOnce));
    const first = new Places(
      () => this.jobsAtOnce,
      () => behind.callNext(),
    );
    this.first = { givesWay: false, places: first, breaker: breaker() };
    this.behind = { givesWay: true, places: behind, breaker: breaker() };
  }

  get name(): string {
    return this.service.name;
  }

  /** Whether a circuit breaker is open. */
  get rests(): boolean {
    return this.resting !== undefined;
  }

  /** Why the service cannot take work now. Undefined if it can. Never throws. */
  async unready(): Promise<string | undefined> {
    return this.resting?.reason ?? this.unreadyItself();
  }

  /** Like `unready`, but ignores the circuit breaker. Never throws. */
  async unreadyItself(): Promise<string | undefined> {
    const state = await this.look();
    return state.state === 'ready' ? undefined : state.reason;
  }

  /**
   * Seconds since the last request of any client. 0 while the service is not ready: it may be
   * loading, or too busy to answer. Infinite if it does not report its requests, or has not been
   * ready for `brokenMs`. Never throws.
   */
  async idleSeconds(): Promise<number> {
    const { brokenMs = 1_200_000 } = this.guards;
    const state = await this.look();
    if (state.state === 'ready') return state.idleSeconds ?? Infinity;
    const unreadyMs = Date.now() - (this.unreadySince ?? Date.now());
    return unreadyMs >= brokenMs ? Infinity : 0;
  }

  /**
   * Does a task and returns the result.
   *
   * @throws as {@link ModelService.run}
   * @throws ServiceUnready if the circuit breaker is open, or the service is not ready for the next
   * try
   * @throws ModelServiceFailed if it cannot load its model, or is not ready after the full wait
   */
  run<N extends TaskName>(
    task: Task<N>,
    request: TaskTypes[N]['request'],
    use: Use,
    on: On<TaskTypes[N]['event']>,
  ): Promise<TaskTypes[N]['result']> {
    const lane = task.givesWay ? this.behind : this.first;
    return this.use(use, lane, async (isPaused) => {
      for await (const event of this.service.run(task, request, use.signal, isPaused)) {
        await on(event);
        const result = task.resultOf(event);
        if (result !== undefined) return result;
      }
      throw new ModelServiceFailed(`The ${this.name} service returned no result`);
    });
  }

  private async use<T>(
    { signal, begin }: Use,
    { givesWay, places, breaker }: Lane,
    work: (isPaused: () => boolean) => Promise<T>,
  ): Promise<T> {
    // The breaker is behind the places: a job that waited sees earlier failures, and can stop waiting
    // while another job tries the service.
    const leave = await places.take(signal);
    try {
      return await breaker.execute(async () => {
        await this.ready(signal, breaker.isOnTrial);
        const turn = this.turns.begin(givesWay, begin);
        return await work(() => turn.isPaused).finally(turn.end);
      });
    } finally {
      leave();
    }
  }

  /** Waits until the service is ready. On trial after failures, it must be ready immediately. */
  private async ready(signal: AbortSignal, onTrial: boolean): Promise<void> {
    const { loadingMs = 900_000, absentMs = 30_000 } = this.guards;
    const began = Date.now();
    // A stuck service exits, starts and loads: each state has its own time limit.
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
    if (found.state === 'ready') this.jobsAtOnce = found.jobsAtOnce ?? 1;
    this.unreadySince = found.state === 'ready' ? undefined : (this.unreadySince ?? Date.now());
    return found;
  }

  private get resting(): RestingBreaker | undefined {
    return [this.first, this.behind].map(({ breaker }) => breaker).find(({ rests }) => rests);
  }
}

const capitalised = (sentence: string) => sentence.charAt(0).toUpperCase() + sentence.slice(1);
