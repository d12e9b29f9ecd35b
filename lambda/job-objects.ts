import { DeleteObjectsCommand, paginateListObjectsV2, type S3Client } from '@aws-sdk/client-s3';
import { KEY, type JobRow } from './contract';

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
