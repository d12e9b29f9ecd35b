import * as z from 'zod/mini';
import { ERROR_CODES, STAGES, UNITS } from './names';
import { text } from './text';

// Values that many schemas share.

/** A duration of audio, or a position in it, in seconds. */
export const Seconds = z.number().check(z.nonnegative());

/** 0 to 1. */
export const Fraction = z.number().check(z.minimum(0), z.maximum(1));

/** A count, or an index. */
export const Count = z.int().check(z.nonnegative());

/** ISO 8601 in UTC, such as `2026-03-01T12:00:00.000Z`. */
export const Instant = z.string();

/** Path of a recording, relative to the shared directory. */
export const SharedPath = text(1024, 1);

export const StageName = z.enum(STAGES);

/** Amounts of work by unit. A unit without work may be missing. */
export const Measures = z.partialRecord(z.enum(UNITS), z.number().check(z.nonnegative()));
export type Measures = z.infer<typeof Measures>;

/** A missing part of the result, and the reason. */
export const Degradation = z.object({
  /** A stage of the job, or a part of a stage, such as `alignment`. */
  stage: z.string(),
  reason: z.string(),
});
export type Degradation = z.infer<typeof Degradation>;

/** The sound track of a file with several that was heard, from 1 on, and how many the file has. */
export const SoundTrack = z.object({ number: z.int(), count: z.int() });
export type SoundTrack = z.infer<typeof SoundTrack>;

export const JobError = z.object({ code: z.enum(ERROR_CODES), message: z.string() });
export type JobError = z.infer<typeof JobError>;

/** Body of every error response of the HTTP APIs, in OpenAI's format. */
export const ErrorBody = z.object({
  error: z.object({
    message: z.string(),
    type: z.string(),
    param: z.nullable(z.string()),
    code: z.enum(ERROR_CODES),
    /**
     * Extension of OpenAI's format: the job that the request created, or may have created. @default
     * - none
     */
    job_id: z.optional(z.string()),
  }),
});
export type ErrorBody = z.infer<typeof ErrorBody>;
