import type { S3Client } from '@aws-sdk/client-s3';
import { findInput, type InputRow } from '../../../../core/jobs/job-objects';
import { download, sourceGone } from './download';
import type { Scratch } from './scratch';

/** Largest part in bytes. A line of a service's answer has at most 64 MiB, in base64. */
const MOST_PART_BYTES = 48 << 20;

export interface InputTools {
  s3: S3Client;
  bucket: string;
  scratch: Scratch;
  /** Largest input in bytes. */
  maxUploadBytes: number;
}

/**
 * Downloads the input of a job to the shared folder. It takes the version named in the row, even if
 * the object has newer versions.
 *
 * @returns size in bytes
 * @throws SpotscribeError `source_not_found` if the version or its object was deleted; otherwise as
 * {@link download}
 */
export async function fetchInput(
  { s3, bucket, scratch, maxUploadBytes }: InputTools,
  row: InputRow,
  signal: AbortSignal,
): Promise<number> {
  const [file, input] = await Promise.all([scratch.prepare(row.id), findInput(s3, bucket, row)]);
  if (input === undefined || input.isDeleted) throw sourceGone();
  const source = { Bucket: bucket, Key: row.input_key, VersionId: input.version, IfMatch: input.etag };
  const limits = { maxBytes: maxUploadBytes, freeBytes: () => scratch.free() };
  return download(s3, source, file, limits, signal);
}

/**
 * Downloads a part that an earlier attempt of a job wrote to the shared folder.
 *
 * @param path on the shared volume
 * @throws as {@link download}
 */
export async function fetchPart(
  { s3, bucket, scratch }: InputTools,
  key: string,
  path: string,
  signal: AbortSignal,
): Promise<void> {
  const limits = { maxBytes: MOST_PART_BYTES, freeBytes: () => scratch.free(), what: 'part' };
  await download(s3, { Bucket: bucket, Key: key }, scratch.path(path), limits, signal);
}
