import type { TaskName, Unit } from '../../core/contract/names';
import type { JobTasks } from '../../core/contract/tasks';
import type { JobRow } from '../../core/contract/job';
import type { Refusal, Response } from '../frame/refusal';
import type { MachineRequest } from './ask-machine';

// What differs between OpenAI's routes. Everything else is the same for all of them: answer-task.ts.

/** What a task's routes have in common. */
export interface TaskRoute {
  /** The task whose result is the answer. */
  task: TaskName;
  /** Unit of its quota. */
  unit: Unit;
  /** Header with the work of a synchronous answer, in this unit. */
  header: string;
  /** What a caller sends, in messages. */
  input: string;
  /** What a caller gets, in messages. */
  result: string;
  /** Type of the last event of a synchronous stream. @default - the route has no streams */
  streamEnd?: string;
  /** Bytes of input that a machine does in a second, to estimate when a job is done. */
  bytesPerSecond: number;
}

/** A field that synchronous requests support and jobs do not. */
export interface Unsupported {
  param: string;
  reason: string;
}

/** The input of a request, if it becomes a job. */
export interface JobInput {
  /** Name of the job. */
  name: string;
  bytes: Buffer;
  tasks: JobTasks;
  /** @default - not known */
  mediaType?: string;
  /** Recordings of known speakers, in the order of their names. @default - none */
  speakers?: readonly Buffer[];
}

/** How a finished job is answered. */
export interface JobAnswer {
  route: TaskRoute;
  /** Renders the result with this key. @throws Refusal if the request asks for something else than the job has */
  render: (row: JobRow, key: string) => Promise<Response>;
  /** What the message of a failed job is about. @default - the message alone */
  fault?: (message: string) => { param?: string; message: string };
  /** Other ways to get the result of a job later, for messages. @default - `GET /v1/jobs/{id}` */
  later?: (id: string) => string;
}

/** A valid request for a task. */
export interface TaskRequest extends JobAnswer {
  sent: MachineRequest;
  input: JobInput;
  /** Fields that jobs do not support. */
  unsupported: readonly Unsupported[];
  /** Fields that have no meaning if the answer is a job. @default - none */
  withoutEffect?: readonly Unsupported[];
  /**
   * Whether the work takes too long for a synchronous answer: no machine is asked, unless the caller
   * accepts no job. @default false
   */
  isLong?: boolean;
  /** Refuses a synchronous answer that is too large for Lambda. @default - it becomes a job */
  tooLarge?: () => Refusal;
}
