import * as z from 'zod/mini';
import { JobView } from './job';
import { Count, Instant } from './values';

export const UploadPart = z.object({
  /** From 1. */
  number: Count,
  url: z.string(),
  /** Of the part's content, if the store has it already: it need not be sent again. */
  etag: z.optional(z.string()),
});
export type UploadPart = z.infer<typeof UploadPart>;

/** Where the parts of an upload go, each by a PUT, in any order and at the same time. */
export const MultipartUpload = z.object({
  /** Bytes of every part but the last, which has the rest. */
  part_size: Count,
  parts: z.array(UploadPart),
  /** Path of the request that makes them one: a POST with a `CompleteUploadRequest`. */
  complete: z.string(),
  expires_at: Instant,
});
export type MultipartUpload = z.infer<typeof MultipartUpload>;

/** Answer to `POST /v1/jobs`: while the job awaits its audio, one of the two says where that goes. */
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

/** Answer to `GET /v1/jobs`. `next` goes into the query parameter `cursor` for the following page. */
export const ListJobsResponse = z.object({
  object: z.literal('list'),
  data: z.array(JobView),
  next: z.optional(z.string()),
});
export type ListJobsResponse = z.infer<typeof ListJobsResponse>;
