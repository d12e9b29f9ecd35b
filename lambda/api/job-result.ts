import { GetObjectCommand, type GetObjectCommandOutput, NoSuchKey, type S3Client } from '@aws-sdk/client-s3';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import { CustomResult } from '../../core/contract/custom';
import { DEGRADED_HEADER } from '../../core/contract/http';
import type { JobRow } from '../../core/contract/job';
import { FORMAT_ENDING, formatNamed, TASK_STAGES, type TranscriptFormat } from '../../core/contract/names';
import type { Transcript } from '../../core/contract/transcript';
import { FORMAT } from '../../core/formats/formats';
import { resultKeys, tasksOf } from '../../core/jobs/job-tasks';
import { TASKS } from '../../core/tasks';
import type { Task } from '../../core/tasks/task';
import type { Request } from '../frame/caller';
import { fitted, MAX_ANSWER_BYTES } from '../frame/fitted';
import { Refusal, type Response } from '../frame/refusal';
import { oneOf } from './one-of';

const URL_SECONDS = 300;
const JSON_TYPE = 'application/json';

/** Where results are stored. */
export interface Results {
  s3: S3Client;
  bucket: string;
}

/**
 * The result of a task of a job.
 *
 * @throws Refusal (404) if the job has no such task; (409) if the result is not ready or missing
 */
export function jobResult(
  task: Task,
  request: Request,
  row: JobRow,
  dependencies: Results,
): Promise<Response> {
  const { name, resultName, formats = ['json'] } = task;
  if (tasksOf(row)[name] === undefined) {
    const message = `Job ${row.id} has no ${resultName}: it was not requested, or this deployment does not support it`;
    throw new Refusal(404, 'not_found', message);
  }
  const { format: asked = 'json' } = request.queryStringParameters ?? {};
  const format = oneOf('format', formatNamed(asked) ?? asked, formats);
  switch (name) {
    case 'transcription':
      return transcript(request, row, format as TranscriptFormat, dependencies);
    case 'analysis':
      return document(task, row, dependencies);
    case 'custom':
      return customResult(row, dependencies);
  }
}

async function transcript(
  request: Request,
  row: JobRow,
  kind: TranscriptFormat,
  { s3, bucket }: Results,
): Promise<Response> {
  const object = { Bucket: bucket, Key: keyOf(row, TASKS.transcription) };
  const headers = resultHeaders(`${row.id}.${FORMAT_ENDING[kind]}`);
  const stored = await result(s3, object, row, 'transcript');
  if (kind === 'json' && (stored.ContentLength ?? 0) > MAX_ANSWER_BYTES) {
    const location = await elsewhere(s3, object, stored);
    return { statusCode: 302, headers: { ...headers, location } };
  }
  const content = JSON.parse((await stored.Body?.transformToString()) ?? '') as Transcript;
  const { type, render } = FORMAT[kind];
  return fitted(
    request,
    { param: 'format', name: kind },
    { ...headers, 'content-type': type },
    render(content),
  );
}

/** A result that is stored as it is read. */
async function document(task: Task, row: JobRow, { s3, bucket }: Results): Promise<Response> {
  const { resultName } = task;
  const object = { Bucket: bucket, Key: keyOf(row, task) };
  const stored = await result(s3, object, row, resultName);
  const headers = { ...resultHeaders(`${row.id}.${resultName}.json`), 'content-type': JSON_TYPE };
  if ((stored.ContentLength ?? 0) > MAX_ANSWER_BYTES)
    return { statusCode: 302, headers: { ...headers, location: await elsewhere(s3, object, stored) } };
  return { statusCode: 200, headers, body: (await stored.Body?.transformToString()) ?? '' };
}

/** The result of a custom task, in its own media type. */
async function customResult(row: JobRow, { s3, bucket }: Results): Promise<Response> {
  const object = { Bucket: bucket, Key: keyOf(row, TASKS.custom) };
  const { Body } = await result(s3, object, row, 'result');
  const stored = CustomResult.parse(JSON.parse((await Body?.transformToString()) ?? ''));
  const type = row.custom?.result_type ?? JSON_TYPE;
  const missing = [...new Set(stored.degraded.map(({ stage }) => stage))].join(', ');
  const headers = {
    'cache-control': 'private, no-store',
    'content-type': type,
    ...(missing !== '' && { [DEGRADED_HEADER]: missing }),
  };
  const body =
    typeof stored.result === 'string' && type !== JSON_TYPE ? stored.result : JSON.stringify(stored.result);
  if (Buffer.byteLength(body) > MAX_ANSWER_BYTES) {
    // The stored document, with the result as one of its fields.
    const location = await getSignedUrl(s3, new GetObjectCommand(object), { expiresIn: URL_SECONDS });
    return { statusCode: 302, headers: { ...headers, 'content-type': JSON_TYPE, location } };
  }
  return { statusCode: 200, headers, body };
}

/** A URL of an object that is too large for an answer. */
async function elsewhere(s3: S3Client, object: ObjectName, stored: GetObjectCommandOutput): Promise<string> {
  stored.Body?.transformToWebStream()
    .cancel()
    .catch(() => undefined);
  return getSignedUrl(s3, new GetObjectCommand(object), { expiresIn: URL_SECONDS });
}

const resultHeaders = (name: string) => ({
  'content-disposition': `inline; filename="${name}"`,
  'cache-control': 'private, no-store',
});

interface ObjectName {
  Bucket: string;
  Key: string;
}

async function result(s3: S3Client, object: ObjectName, row: JobRow, what: string) {
  return s3.send(new GetObjectCommand(object)).catch((error: unknown) => {
    // At the end of retention, or while a job is being deleted, the row may outlive its objects.
    if (error instanceof NoSuchKey)
      throw new Refusal(404, 'not_found', `The ${what} of job ${row.id} has been deleted`);
    throw error;
  });
}

/**
 * The key of a result.
 *
 * @throws Refusal (409) if the job does not have this result, or not yet
 */
function keyOf(row: JobRow, { name, resultName }: Task): string {
  const key = resultKeys(row)[name];
  if (key !== undefined) return key;
  const open = row.open !== undefined;
  const stage = TASK_STAGES[name][0];
  const lost = row.degraded.find((each) => each.stage === stage)?.reason ?? row.error?.message;
  const reason = lost === undefined ? '' : `: ${lost}`;
  const message = `Job ${row.id} is ${row.status} and has no ${resultName}${reason}`;
  throw new Refusal(409, 'not_ready', message, { retryAfterSeconds: open ? 5 : undefined });
}
