import * as z from 'zod/mini';
import { Degradation, Fraction, JobError, SharedPath } from '../values';

/** Amount of work in the unit of the task. */
const Amount = z.number().check(z.nonnegative());

/** JSON body of a custom service's `POST /run`. */
export const CustomRequest = z.object({
  /** Path of the input on the shared volume. */
  path: SharedPath,
  /** Media type of the input, if the client gave one. */
  media_type: z.optional(z.string()),
  /** The job's options. */
  options: z.record(z.string(), z.unknown()),
});
export type CustomRequest = z.infer<typeof CustomRequest>;

/** A line of the NDJSON response of `POST /run`. A short answer has one line, the result. */
export const CustomEvent = z.discriminatedUnion('type', [
  z.object({ type: z.literal('progress'), progress: Fraction }),
  /** The last line of a success. */
  z.object({
    type: z.literal('result'),
    /** Any JSON value; a string if the task's `result_type` is a type of text. */
    result: z.unknown(),
    measure: Amount,
    /** Missing parts of the result. @default - none */
    degraded: z.optional(z.array(Degradation)),
  }),
  /** The last line of a failure. */
  z.object({ type: z.literal('error'), error: JobError }),
]);
export type CustomEvent = z.infer<typeof CustomEvent>;

/** A stored result of a custom task. */
export const CustomResult = z.object({
  version: z.literal(1),
  result: z.unknown(),
  measure: Amount,
  degraded: z.array(Degradation),
});
export type CustomResult = z.infer<typeof CustomResult>;
