import type { S3Client } from '@aws-sdk/client-s3';
import { KEY } from '../contract/keys';
import type { JobRow } from '../contract/job';
import { eraseVersions, type ObjectVersion, versionsBelow, versionsOf } from './object-versions';

/** What a row says of its job's audio. */
export type InputRow = Pick<JobRow, 'id' | 'input_key' | 'input_version' | 'input_etag' | 'queued_at'>;

/** The version of an object that is a job's audio. */
export interface Input {
  version: string;
  etag?: string;
  /** Bytes. */
  size: number;
  /** Somebody deleted the object: S3 keeps this version for a while, but nobody is to read it. */
  isDeleted: boolean;
}

/**
 * Finds a job's audio among the versions of its object. A row that names no version means the newest that was there when
 * the job was queued.
 *
 * @returns undefined if the version is gone
 */
export async function findInput(s3: S3Client, bucket: string, row: InputRow): Promise<Input | undefined> {
  return inputAmong(await versionsOf(s3, bucket, row.input_key), row);
}

/**
 * The audio that has arrived for a job that awaits it: its own version, or where it has none yet, the first one.
 *
 * @returns undefined if nothing has come, or it was deleted again
 */
export async function arrivedInput(s3: S3Client, bucket: string, row: InputRow): Promise<Input | undefined> {
  const versions = await versionsOf(s3, bucket, row.input_key);
  const first = versions.filter(({ isMarker }) => !isMarker).at(-1);
  const isBound = row.input_version !== undefined || row.input_etag !== undefined;
  const input = inputAmong(versions, isBound ? row : { ...row, input_version: first?.version });
  return input?.isDeleted === true ? undefined : input;
}

/**
 * Erases a job's audio, checkpoints and results for good. Of a file in the inbox it erases the job's own version alone:
 * other versions are other recordings.
 */
export async function eraseObjects(s3: S3Client, bucket: string, row: InputRow): Promise<void> {
  const prefix = KEY.job(row.id);
  if (!row.input_key.startsWith(prefix)) {
    const input = await findInput(s3, bucket, row);
    if (input !== undefined) await eraseVersions(s3, bucket, [{ key: row.input_key, ...input }]);
  }
  for await (const page of versionsBelow(s3, bucket, prefix)) await eraseVersions(s3, bucket, page);
}

function inputAmong(versions: ObjectVersion[], row: InputRow): Input | undefined {
  const recordings = versions.filter(({ isMarker }) => !isMarker);
  const found = recordings.find((each) => isInput(each, row));
  if (found === undefined) return undefined;
  const { version, etag, size } = found;
  const isHidden = versions.some(({ isMarker, isLatest }) => isMarker && isLatest);
  return { version, etag, size, isDeleted: isHidden && found === recordings[0] };
}

function isInput(
  { version, etag, modified }: ObjectVersion,
  { input_version, input_etag, queued_at }: InputRow,
): boolean {
  if (input_version === undefined && input_etag === undefined)
    return queued_at === undefined || modified.getTime() <= Date.parse(queued_at);
  // Both: without versioning, every object of a key has the version `null`.
  return (input_version ?? version) === version && (input_etag ?? etag) === etag;
}
