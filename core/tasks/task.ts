import type * as z from 'zod/mini';
import type { Analysis, AnalyzeEvent, AnalyzeRequest } from '../contract/work/analysis';
import type { CustomEvent, CustomRequest, CustomResult } from '../contract/work/custom';
import type { Embedding, EmbedEvent, EmbedRequest } from '../contract/work/embedding';
import type { Route } from '../contract/http';
import type { JobRow } from '../contract/job';
import type { Stage, TaskName, Unit } from '../contract/names';
import type { JobTasks, SubmittedTasks } from '../contract/tasks';
import type { Speech, SynthesizeEvent, SynthesizeRequest } from '../contract/work/speech';
import type { Transcript } from '../contract/work/transcript';
import type { TranscribeEvent, TranscribeRequest } from '../contract/work/transcription';

/** The types of each task: what its service receives, sends and makes. */
export interface TaskTypes {
  transcription: { request: TranscribeRequest; event: TranscribeEvent; result: Transcript };
  analysis: { request: AnalyzeRequest; event: AnalyzeEvent; result: Analysis };
  embedding: { request: EmbedRequest; event: EmbedEvent; result: Embedding };
  speech: { request: SynthesizeRequest; event: SynthesizeEvent; result: Speech };
  custom: { request: CustomRequest; event: CustomEvent; result: CustomResult };
}

/** Result of any task. */
export type AnyResult = TaskTypes[TaskName]['result'];

export type TaskOptions<N extends TaskName> = NonNullable<JobTasks[N]>;
export type Stages = JobRow['stages'];

/** Results of a job by task. */
export type Results = { [N in TaskName]?: TaskTypes[N]['result'] };

/** A recording of a known speaker on the machine. */
export interface SpeakerRecording {
  name: string;
  /** Path on the shared volume. */
  path: string;
}

/** The input of a job on the machine. */
export interface Input {
  /** Path on the shared volume. */
  path: string;
  /** Longest audio in seconds. */
  maxSeconds: number;
  /** @default - not known */
  mediaType?: string;
  /** The known speakers of whom there are recordings. @default - the job has no recordings */
  speakers?: readonly SpeakerRecording[];
}

/** What is done to one input. */
export interface Task<N extends TaskName = TaskName> {
  readonly name: N;
  /** Name of the result, in URLs, messages and the keys of objects. */
  readonly resultName: string;
  readonly result: z.ZodMiniType<TaskTypes[N]['result']>;
  /** The options as clients send them. It converts them to those of the contract. */
  readonly accepts: z.ZodMiniType<NonNullable<SubmittedTasks[N]>>;
  /** The request to a model service: its path, and the events of its answer. */
  readonly service: { path: string; event: z.ZodMiniType<TaskTypes[N]['event']> };
  /** The request for a job with these options. */
  request(options: TaskOptions<N>, input: Input): TaskTypes[N]['request'];
  /** Progress of the task in an event, 0 to 1. Undefined if the event has none. */
  progressOf(event: TaskTypes[N]['event']): number | undefined;
  /** The result in an event; undefined in all events but the last. */
  resultOf(event: TaskTypes[N]['event']): TaskTypes[N]['result'] | undefined;
  /** Media types of the input. Undefined if the deployment decides. */
  readonly mediaTypes?: readonly string[];
  /** Formats of `?format=` in which the result is read. @default - only as it is stored */
  readonly formats?: readonly string[];
  /**
   * Routes in OpenAI's shape. The task's services and the servers in front of them answer these.
   *
   * @default - none
   */
  readonly routes?: readonly Route[];
  /** Unit of the work. Undefined if the deployment decides. */
  readonly unit?: Unit;
  /** Work of a result, in the unit. */
  measure(result: TaskTypes[N]['result']): number;
  /**
   * Whether its failure can mean that the input is bad, which ends the whole job. A failure of
   * another task only degrades the result.
   */
  readonly decides: boolean;
  /**
   * Whether other tasks go first where one service does both: it gives way to them between two parts
   * of its work.
   */
  readonly givesWay: boolean;
  /** The stages of a job with these options. */
  stages(options: TaskOptions<N>): Stage[];
  /** States of the stages at the end. @param result undefined if the task failed */
  stagesAtEnd(options: TaskOptions<N>, result: TaskTypes[N]['result'] | undefined): Stages;
}
