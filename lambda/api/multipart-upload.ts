import {
  AbortMultipartUploadCommand,
  CreateMultipartUploadCommand,
  ListPartsCommand,
  type S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import type { JobRow } from '../../core/contract/job';
import type { MultipartUpload } from '../../core/contract/api';
import type { JobStore } from '../../core/jobs/job-store';
import { MOST_PARTS } from '../../core/contract/limits';
import { partSize, partSizes, partsThatFit, type StoredPart } from './upload-parts';

export interface Media {
  s3: S3Client;
  bucket: string;
}

/** The row of a job with a multipart upload. */
export type PartedRow = JobRow & Required<Pick<JobRow, 'upload_id' | 'upload_size'>>;

export const isParted = (row: JobRow): row is PartedRow =>
  row.upload_id !== undefined && row.upload_size !== undefined;

/**
 * Starts a job's multipart upload, or finds the one that an earlier request started, so each job
 * has only one. If two requests start uploads concurrently, the second one is aborted.
 *
 * @returns undefined if the job no longer awaits its input
 */
export async function beginUpload(
  row: JobRow,
  store: JobStore,
  { s3, bucket }: Media,
  now: Date,
): Promise<PartedRow | undefined> {
  if (isParted(row)) return row;
  const { UploadId } = await s3.send(
    new CreateMultipartUploadCommand({ Bucket: bucket, Key: row.input_key }),
  );
  if (UploadId === undefined) throw new Error('S3 started an upload without an id');
  const begun = await store.beginUpload(row.id, UploadId, now);
  if (begun?.upload_id !== UploadId) await abortUpload({ ...row, upload_id: UploadId }, { s3, bucket });
  return begun !== undefined && isParted(begun) ? begun : undefined;
}

/**
 * The upload URLs of the parts, and the parts already stored. Returns undefined if the upload is
 * complete or was aborted.
 */
export async function partUrls(
  row: PartedRow,
  { s3, bucket }: Media,
  expiresIn: number,
): Promise<MultipartUpload | undefined> {
  const stored = await storedParts(row, { s3, bucket });
  if (stored === undefined) return undefined;
  const there = partsThatFit(stored, row.upload_size);
  const target = { Bucket: bucket, Key: row.input_key, UploadId: row.upload_id };
  const parts = partSizes(row.upload_size).map(async (size, index) => {
    const number = index + 1;
    const part = new UploadPartCommand({ ...target, PartNumber: number, ContentLength: size });
    const etag = there.get(number)?.etag;
    return { number, url: await getSignedUrl(s3, part, { expiresIn }), ...(etag !== undefined && { etag }) };
  });
  return {
    part_size: partSize(row.upload_size),
    parts: await Promise.all(parts),
    complete: `/v1/jobs/${row.id}/upload`,
    expires_at: new Date(Date.now() + expiresIn * 1000).toISOString(),
  };
}

/** The stored parts. Returns undefined if the upload is complete or was aborted. */
export async function storedParts(row: PartedRow, { s3, bucket }: Media): Promise<StoredPart[] | undefined> {
  const target = { Bucket: bucket, Key: row.input_key, UploadId: row.upload_id };
  try {
    const { Parts = [] } = await s3.send(new ListPartsCommand({ ...target, MaxParts: MOST_PARTS }));
    return Parts.map(({ PartNumber = 0, ETag = '', Size = 0 }) => ({
      number: PartNumber,
      etag: ETag,
      size: Size,
    }));
  } catch (error) {
    if (isGone(error)) return undefined;
    throw error;
  }
}

/** Aborts an upload and deletes its stored parts. A completed upload is not changed. */
export async function abortUpload(
  row: Pick<JobRow, 'input_key' | 'upload_id'>,
  { s3, bucket }: Media,
): Promise<void> {
  const target = { Bucket: bucket, Key: row.input_key, UploadId: row.upload_id };
  try {
    await s3.send(new AbortMultipartUploadCommand(target));
  } catch (error) {
    if (!isGone(error)) throw error;
  }
}

/** Whether S3 does not know the upload, or no longer does. */
export const isGone = (error: unknown): boolean => (error as Error).name === 'NoSuchUpload';
