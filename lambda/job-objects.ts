import {
  DeleteObjectsCommand,
  ListObjectsV2Command,
  paginateListObjectsV2,
  type S3Client,
} from '@aws-sdk/client-s3';
import { KEY, type JobRow } from './contract';

/**
 * Whether a job's audio is there. Lists instead of asking for the object: to a role that may list prefixes only, S3 may
 * call a missing one forbidden.
 */
export async function hasArrived(
  s3: S3Client,
  bucket: string,
  { input_key }: Pick<JobRow, 'input_key'>,
): Promise<boolean> {
  const { Contents = [] } = await s3.send(
    new ListObjectsV2Command({ Bucket: bucket, Prefix: input_key, MaxKeys: 1 }),
  );
  // Of the keys that begin with it, the key itself comes first.
  return Contents[0]?.Key === input_key;
}

/** Erases a job's audio, checkpoints and results. */
export async function eraseObjects(
  s3: S3Client,
  bucket: string,
  row: Pick<JobRow, 'id' | 'input_key'>,
): Promise<void> {
  const prefix = KEY.job(row.id);
  if (!row.input_key.startsWith(prefix)) await erase(s3, bucket, [row.input_key]);
  for await (const { Contents = [] } of paginateListObjectsV2(
    { client: s3 },
    { Bucket: bucket, Prefix: prefix },
  )) {
    await erase(
      s3,
      bucket,
      Contents.flatMap(({ Key }) => Key ?? []),
    );
  }
}

async function erase(s3: S3Client, bucket: string, keys: string[]): Promise<void> {
  if (keys.length === 0) return;
  const objects = { Objects: keys.map((Key) => ({ Key })), Quiet: true };
  const { Errors = [] } = await s3.send(new DeleteObjectsCommand({ Bucket: bucket, Delete: objects }));
  const [first] = Errors;
  if (first !== undefined)
    throw new Error(
      `Could not erase ${Errors.length} objects, the first for ${first.Code}: ${first.Message}`,
    );
}
