import type { TaskName } from '../../../../core/contract/names';
import type { Task, TaskTypes } from '../../../../core/tasks/task';

/**
 * State of a service. `loading`: it loads its model, or is stuck and about to restart. `absent`: it
 * does not answer. Both may become ready. `failed`: it will not become ready.
 */
export type ServiceState =
  | {
      state: 'ready';
      /** Seconds since the last request of any client. @default - not reported */
      idleSeconds?: number;
      /** Jobs that it works on together. @default 1 */
      jobsAtOnce?: number;
    }
  | { state: 'loading' | 'absent' | 'failed'; /** For users and operators. */ reason: string };

/** A model service that reads inputs from the shared folder. It does not depend on AWS. */
export interface ModelService {
  /** Name in messages, such as `whisper`. */
  readonly name: string;

  /** Never throws. */
  state(): Promise<ServiceState>;

  /**
   * Does a task. The last event is the result.
   *
   * @param isPaused whether the service works for another caller first. @default - never
   * @throws SpotscribeError, permanent if the input is the cause
   * @throws the reason of the signal if it is aborted, after the request has ended
   */
  run<N extends TaskName>(
    task: Task<N>,
    request: TaskTypes[N]['request'],
    signal: AbortSignal,
    isPaused?: () => boolean,
  ): AsyncIterable<TaskTypes[N]['event']>;
}
