import * as z from 'zod/mini';
import { MOST_PARTS } from './limits';
import { JobOptions } from './options';
import { text } from './text';

// What callers of the API send. Answers are in api.ts.

/** Body of `POST /v1/jobs`. */
export const SubmitJobRequest = z.strictObject({
  /** File name, shown in listings. @default 'audio' */
  name: z.optional(text(1024)),
  /** Size of the upload in bytes: refused at once if too large, and the upload must then have this size. */
  size: z.optional(z.int().check(z.minimum(1))),
  /** The audio comes in parts, for which `size` has to be known. @default false */
  multipart: z.optional(z.boolean()),
  options: z.optional(JobOptions),
});
export type SubmitJobRequest = z.infer<typeof SubmitJobRequest>;

/** Body of `POST /v1/jobs/{id}/upload`: every part, with the `ETag` that the store answered to its PUT. */
export const CompleteUploadRequest = z.strictObject({
  parts: z
    .array(z.strictObject({ number: z.int().check(z.minimum(1)), etag: text(200, 1) }))
    .check(z.minLength(1), z.maxLength(MOST_PARTS)),
});
export type CompleteUploadRequest = z.infer<typeof CompleteUploadRequest>;
