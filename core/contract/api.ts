import * as z from 'zod/mini';
import { JobView } from './job';
import { Count, Instant } from './values';

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
 * Response of `POST /v1/jobs`. While the job awaits its audio, one of the two fields says where to
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
