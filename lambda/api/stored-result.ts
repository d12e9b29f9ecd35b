import { GetObjectCommand, NoSuchKey, type S3Client } from '@aws-sdk/client-s3';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import type { JobRow } from '../../core/contract/job';
import { TASK_STAGES } from '../../core/contract/names';
import { resultKeys } from '../../core/jobs/job-tasks';
import type { Task } from '../../core/tasks/task';
import { Refusal } from '../frame/refusal';

const URL_SECONDS = 300;

/** Where results are stored. */
export interface Results {
  s3: S3Client;
  bucket: string;
}

/** A stored result. Its content is read, or a URL of it is made. */
export interface StoredResult {
  bytes: number;
  text: () => Promise<string>;
  /** A URL of a result that is too large for an answer. */
  location: () => Promise<string>;
}

/**
 * The stored result of a task of a job.
 *
 * @throws Refusal (409) if it is not ready or missing; (404) if it was deleted
 */
export async function storedResult(row: JobRow, task: Task, results: Results): Promise<StoredResult> {
  const key = keyOf(row, task);
  const object = { Bucket: results.bucket, Key: key };
  const head = await results.s3.send(new GetObjectCommand(object)).catch((error: unknown) => {
    // At the end of retention, or while a job is being deleted, the row may outlive its objects.
    if (error instanceof NoSuchKey)
      throw new Refusal(404, 'not_found', `The ${task.resultName} of job ${row.id} has been deleted`);
    throw error;
  });
  const { Body, ContentLength = 0 } = head;
  let isRead = false;
  return {
    bytes: ContentLength,
    text: async () => {
      isRead = true;
      return (await Body?.transformToString()) ?? '';
    },
    location: () => {
      // Otherwise the connection would wait for its content to be read.
      if (!isRead)
        Body?.transformToWebStream()
          .cancel()
          .catch(() => undefined);
      return urlOf(key, results);
    },
  };
}

/**
 * A URL of an object. It carries its own authorization.
 *
 * @param name under which browsers save the object. @default - the last part of the key
 */
export const urlOf = (key: string, { s3, bucket }: Results, name?: string): Promise<string> => {
  const disposition = name === undefined ? {} : { ResponseContentDisposition: dispositionOf(name) };
  const object = new GetObjectCommand({ Bucket: bucket, Key: key, ...disposition });
  return getSignedUrl(s3, object, { expiresIn: URL_SECONDS });
};

const dispositionOf = (name: string) => `inline; filename="${name}"`;

export const resultHeaders = (name: string) => ({
  'content-disposition': dispositionOf(name),
  'cache-control': 'private, no-store',
});

/** @throws Refusal (409) if the job does not have this result, or not yet */
function keyOf(row: JobRow, { name, resultName }: Task): string {
  const key = resultKeys(row)[name];
  if (key !== undefined) return key;
  const open = row.open !== undefined;
  const stage = TASK_STAGES[name][0];
  const lost = row.degraded.find((each) => each.stage === stage)?.reason ?? row.error?.message;
  const reason = lost === undefined ? '' : `: ${lost}`;
  const message = open
    ? `Job ${row.id} has no ${resultName} yet: it is ${row.status}`
    : `Job ${row.id} has ended without ${resultName}${reason}`;
  throw new Refusal(409, 'not_ready', message, { retryAfterSeconds: open ? 5 : undefined });
}
