import { GetObjectCommand, type GetObjectCommandOutput, NoSuchKey, type S3Client } from '@aws-sdk/client-s3';
import type { JobRow } from '../../core/contract/job';
import { Refusal } from '../frame/refusal';
import type { TaskRoute } from './task-request';

/** Where objects of results are stored. */
interface Storage {
  s3: S3Client;
  bucket: string;
}

type StoredObject = Parameters<typeof stored>;

/**
 * The content of an object of a job's result.
 *
 * @throws Refusal (404) if it was deleted
 */
export const storedText = async (...object: StoredObject): Promise<string> =>
  (await (await stored(...object))?.transformToString()) ?? '';

/** The bytes of an object of a job's result, as {@link storedText}. */
export const storedBytes = async (...object: StoredObject): Promise<Buffer> =>
  Buffer.from((await (await stored(...object))?.transformToByteArray()) ?? []);

async function stored(
  { id }: JobRow,
  Key: string,
  { result }: TaskRoute,
  { s3, bucket: Bucket }: Storage,
): Promise<GetObjectCommandOutput['Body']> {
  try {
    return (await s3.send(new GetObjectCommand({ Bucket, Key }))).Body;
  } catch (error) {
    // At the end of retention, or while a job is being deleted, the row may outlive its objects.
    if (error instanceof NoSuchKey)
      throw new Refusal(404, 'not_found', `The ${result} of job ${id} has been deleted`);
    throw error;
  }
}
