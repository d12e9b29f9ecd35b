import * as z from 'zod/mini';
import { JobView } from './job';
import { MOST_PARTS } from './limits';
import { PRIORITIES } from './names';
import { SubmittedOptions } from './work/options';
import { SubmittedTasks } from './tasks';
import { text } from './text';
import { Count, Instant } from './values';

/** Body of `POST /v1/jobs`. */
export const SubmitJobRequest = z.strictObject({
  /** File name, shown in listings. @default 'input' */
  name: z.optional(text(1024)),
  /**
   * Size of the upload in bytes. A size above the limit is refused at once, and the upload must
   * have exactly this size.
   */
  size: z.optional(z.int().check(z.minimum(1))),
  /** Whether to upload the input in parts, which requires `size`. @default false */
  multipart: z.optional(z.boolean()),
  /** Options of the transcription and the analysis. @default - the defaults of every task */
  options: z.optional(SubmittedOptions),
  /**
   * The tasks, each with its options, instead of `options`. @default - every task of the deployment
   */
  tasks: z.optional(SubmittedTasks),
  /** Media type of the input, such as `text/plain`. @default - not known */
  media_type: z.optional(text(100)),
  /** `bulk` jobs start only when no normal job waits. @default 'normal' */
  priority: z.optional(z.enum(PRIORITIES)),
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

/** Body of `POST /v1/jobs/{id}/retry`: does the tasks of an ended job that have no result. */
export const RetryJobRequest = z.strictObject({ missing: z.literal(true) });
export type RetryJobRequest = z.infer<typeof RetryJobRequest>;

export const UploadPart = z.object({
  /** Part number, from 1. */
  number: Count,
  url: z.string(),
  /** ETag of the part if it is already stored. It need not be sent again. */
  etag: z.optional(z.string()),
});
export type UploadPart = z.infer<typeof UploadPart>;

/** Where to upload the parts: each by a PUT, in any order and concurrently. */
export const MultipartUpload = z.object({
  /** Bytes of each part except the last, which has the rest. */
  part_size: Count,
  parts: z.array(UploadPart),
  /** Path of the request that completes the upload: a POST with a `CompleteUploadRequest`. */
  complete: z.string(),
  expires_at: Instant,
});
export type MultipartUpload = z.infer<typeof MultipartUpload>;

/**
 * Response of `POST /v1/jobs`. While the job awaits its input, one of the two fields says where to
 * upload it.
 */
export const SubmitJobResponse = z.extend(JobView, {
  upload: z.optional(
    z.object({
      method: z.literal('PUT'),
      url: z.string(),
      headers: z.record(z.string(), z.string()),
      expires_at: Instant,
    }),
  ),
  multipart_upload: z.optional(MultipartUpload),
});
export type SubmitJobResponse = z.infer<typeof SubmitJobResponse>;

/** Response of `GET /v1/jobs`. For the next page, send `next` as the query parameter `cursor`. */
export const ListJobsResponse = z.object({
  object: z.literal('list'),
  data: z.array(JobView),
  next: z.optional(z.string()),
});
export type ListJobsResponse = z.infer<typeof ListJobsResponse>;
