import * as z from 'zod/mini';
import { MOST_PARTS } from './limits';
import { JobOptions } from './options';
import { JobTasks } from './tasks';
import { text } from './text';

// Requests of the API. Responses are in api.ts.

/** Body of `POST /v1/jobs`. */
export const SubmitJobRequest = z.strictObject({
  /** File name, shown in listings. @default 'audio' */
  name: z.optional(text(1024)),
  /**
   * Size of the upload in bytes. A size above the limit is refused at once, and the upload must
   * have exactly this size.
   */
  size: z.optional(z.int().check(z.minimum(1))),
  /** Whether to upload the audio in parts, which requires `size`. @default false */
  multipart: z.optional(z.boolean()),
  /** Options of the transcription and the analysis. @default - the defaults of every task */
  options: z.optional(JobOptions),
  /**
   * The tasks, each with its options, instead of `options`. @default - every task of the deployment
   */
  tasks: z.optional(JobTasks),
  /** Media type of the input, such as `text/plain`. @default - not known */
  media_type: z.optional(text(100)),
});
export type SubmitJobRequest = z.infer<typeof SubmitJobRequest>;

/**
 * Body of `POST /v1/jobs/{id}/upload`: all parts, each with the `ETag` from the response to its
 * PUT.
 */
export const CompleteUploadRequest = z.strictObject({
  parts: z
    .array(z.strictObject({ number: z.int().check(z.minimum(1)), etag: text(200, 1) }))
    .check(z.minLength(1), z.maxLength(MOST_PARTS)),
});
export type CompleteUploadRequest = z.infer<typeof CompleteUploadRequest>;
