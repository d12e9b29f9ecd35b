import * as z from 'zod/mini';
import {
  AnalysisOptions,
  EmbeddingOptions,
  SpeechOptions,
  SubmittedTranscription,
  TranscriptionOptions,
} from './work/options';
import { SPOKEN_TASKS, TASK_NAMES, UNITS } from './names';

const TaskName = z.enum(TASK_NAMES);

/**
 * The task that a user's own service does, described by data. The service gets the job's options and
 * returns the result and its measure.
 */
export const CustomTask = z.strictObject({
  /** Media types of the input, such as `text/plain` or `image/*`. */
  media_types: z.array(z.string().check(z.regex(/^[\w.+-]+\/([\w.+-]+|\*)$/))).check(z.minLength(1)),
  /** Unit of the measure, for receipts and quotas. */
  unit: z.enum(UNITS),
  /** Media type of the result: `application/json`, or a type of text. */
  result_type: z.string().check(z.regex(/^(application\/json|text\/[\w.+-]+)$/)),
  /** JSON schema of the options. */
  options: z.record(z.string(), z.unknown()),
});
export type CustomTask = z.infer<typeof CustomTask>;

/** What the engine of a transcription is able to do. */
export const SpokenAbilities = z.strictObject({
  /** What it makes of speech. @default - all of them */
  spoken_tasks: z.optional(z.array(z.enum(SPOKEN_TASKS)).check(z.minLength(1))),
  /** ISO 639-1 codes of the languages that it hears. @default - all that Whisper knows */
  languages: z.optional(z.array(z.string()).check(z.minLength(1))),
});
export type SpokenAbilities = z.infer<typeof SpokenAbilities>;

/** The tasks that the machines of a deployment do: the variable `TASKS`, as JSON. */
export const DeployedTasks = z.strictObject({
  transcription: z.optional(SpokenAbilities),
  analysis: z.optional(z.strictObject({})),
  embedding: z.optional(z.strictObject({})),
  speech: z.optional(z.strictObject({})),
  custom: z.optional(CustomTask),
});
export type DeployedTasks = z.infer<typeof DeployedTasks>;

/** A model service of a machine. The variable `SERVICES` of the worker is a list of them as JSON. */
export const ServiceEndpoint = z.strictObject({
  name: z.string().check(z.minLength(1)),
  /** Base URL, such as `http://whisper:8001`. */
  url: z.string().check(z.regex(/^https?:\/\/[^/]+$/)),
  tasks: z.array(TaskName).check(z.minLength(1)),
});
export type ServiceEndpoint = z.infer<typeof ServiceEndpoint>;

/** The tasks of a job, each with its options. */
export const JobTasks = z.strictObject({
  transcription: z.optional(TranscriptionOptions),
  analysis: z.optional(AnalysisOptions),
  embedding: z.optional(EmbeddingOptions),
  speech: z.optional(SpeechOptions),
  /** As the JSON schema of the deployment's {@link CustomTask} describes them. */
  custom: z.optional(z.record(z.string(), z.unknown())),
});
export type JobTasks = z.infer<typeof JobTasks>;

/** The tasks in a request for a job. */
export const SubmittedTasks = z.extend(JobTasks, { transcription: z.optional(SubmittedTranscription) });
export type SubmittedTasks = z.infer<typeof SubmittedTasks>;
