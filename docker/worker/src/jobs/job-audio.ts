import type { S3Client } from '@aws-sdk/client-s3';
import { findInput, type InputRow } from '../../../../core/jobs/job-objects';
import { download, sourceGone } from './download';
import type { Scratch } from './scratch';

export interface AudioTools {
  s3: S3Client;
  bucket: string;
  scratch: Scratch;
  /** Largest audio in bytes. */
  maxUploadBytes: number;
}

/**
 * Brings a job's audio to the shared folder: the version that the row names, whatever lies under its key by now.
 *
 * @throws SpotscribeError `source_not_found` if the version is gone, or its object was deleted; else as {@link download}
 */
export async function fetchAudio(
  { s3, bucket, scratch, maxUploadBytes }: AudioTools,
  row: InputRow,
  signal: AbortSignal,
): Promise<void> {
  const [file, input] = await Promise.all([scratch.prepare(row.id), findInput(s3, bucket, row)]);
  if (input === undefined || input.isDeleted) throw sourceGone();
  const source = { Bucket: bucket, Key: row.input_key, VersionId: input.version, IfMatch: input.etag };
  const limits = { maxBytes: maxUploadBytes, freeBytes: () => scratch.free() };
  await download(s3, source, file, limits, signal);
}
