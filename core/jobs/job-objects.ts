import type { S3Client } from '@aws-sdk/client-s3';
import { KEY } from '../contract/keys';
import type { JobRow } from '../contract/job';
import { eraseVersions, type ObjectVersion, versionsBelow, versionsOf } from './object-versions';

/** The fields of a row that identify its job's input. */
export type InputRow = Pick<JobRow, 'id' | 'input_key' | 'input_version' | 'input_etag' | 'queued_at'>;

/** The object version that is a job's input. */
export interface Input {
  version: string;
  etag?: string;
  /** Bytes. */
  size: number;
  /** A user deleted the object: S3 keeps this version for a while, but it must not be read. */
  isDeleted: boolean;
}

/**
 * Finds a job's input among the versions of its object. A row without a version means the newest
 * version at the time when the job was queued.
 *
 * @returns undefined if the version no longer exists
 */
export async function findInput(s3: S3Client, bucket: string, row: InputRow): Promise<Input | undefined> {
  return inputAmong(await versionsOf(s3, bucket, row.input_key), row);
}

/**
 * Finds the input that has arrived for a waiting job: the row's version, or the first one if the
 * row has none.
 *
 * @returns undefined if nothing has arrived, or it was deleted again
 */
export async function arrivedInput(s3: S3Client, bucket: string, row: InputRow): Promise<Input | undefined> {
  const versions = await versionsOf(s3, bucket, row.input_key);
  const first = versions.filter(({ isMarker }) => !isMarker).at(-1);
  const isBound = row.input_version !== undefined || row.input_etag !== undefined;
  const input = inputAmong(versions, isBound ? row : { ...row, input_version: first?.version });
  return input?.isDeleted === true ? undefined : input;
}

/**
 * Permanently deletes a job's input, checkpoints and results. Of a file in the inbox, only the
 * job's own version is deleted, because other versions are other recordings.
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
  // Compare both: without versioning, every object has the version `null`.
  return (input_version ?? version) === version && (input_etag ?? etag) === etag;
}
