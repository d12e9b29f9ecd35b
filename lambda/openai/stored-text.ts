import { GetObjectCommand, NoSuchKey, type S3Client } from '@aws-sdk/client-s3';
import type { JobRow } from '../../core/contract/job';
import { Refusal } from '../frame/refusal';
import type { TaskRoute } from './task-request';

/**
 * The content of an object of a job's result.
 *
 * @throws Refusal (404) if it was deleted
 */
export async function storedText(
  { id }: JobRow,
  Key: string,
  { result }: TaskRoute,
  { s3, bucket: Bucket }: { s3: S3Client; bucket: string },
): Promise<string> {
  try {
    const { Body } = await s3.send(new GetObjectCommand({ Bucket, Key }));
    return (await Body?.transformToString()) ?? '';
  } catch (error) {
    // At the end of retention, or while a job is being deleted, the row may outlive its objects.
    if (error instanceof NoSuchKey)
      throw new Refusal(404, 'not_found', `The ${result} of job ${id} has been deleted`);
    throw error;
  }
}
