import { BatchProcessor, EventType, processPartialResponse } from '@aws-lambda-powertools/batch';
import { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import type { SQSBatchResponse, SQSEvent, SQSRecord } from 'aws-lambda';
import { documentClient } from '../frame/document-client';
import { s3Client } from '../frame/s3-client';
import { announce } from '../../core/jobs/completion';
import { JobMessage } from '../../core/contract/job';
import { isFinal } from '../../core/contract/names';
import { JOB_ID_PATTERN } from '../../core/contract/keys';
import { MAX_FAILURES, MAX_RECEIVES } from '../../core/contract/limits';
import { eraseLeftovers, eraseWritten } from '../../core/jobs/job-leftovers';
import { JobStore } from '../../core/jobs/job-store';
import { StoredObjects } from '../../core/jobs/stored-objects';
import { env, lambdaHandler, type Tools } from '../frame/runtime';

export interface Dependencies {
  store: JobStore;
  events: EventBridgeClient;
  objects: StoredObjects;
  path: string;
}

/**
 * Marks the jobs of messages in the dead-letter queue as failed, and erases their checkpoints and
 * partial results: no worker will use them. A retried job keeps its results and says what is missing.
 */
export const handler = lambdaHandler(
  ({ logger }): Dependencies => ({
    store: new JobStore(documentClient(), env('jobsTable')),
    events: new EventBridgeClient(),
    objects: new StoredObjects(s3Client(), env('mediaBucket'), (key, error) =>
      logger.warn('object cannot be used', { key, error }),
    ),
    path: env('path'),
  }),
  buryJobs,
);

export function buryJobs(
  event: SQSEvent,
  dependencies: Dependencies,
  tools: Tools,
): Promise<SQSBatchResponse> {
  const processor = new BatchProcessor(EventType.SQS);
  return processPartialResponse(event, (record: SQSRecord) => bury(record, dependencies, tools), processor, {
    throwOnFullBatchFailure: false,
  });
}

/** @throws Error while a worker holds the job, so that the message is tried again */
async function bury(
  record: SQSRecord,
  { store, events, objects, path }: Dependencies,
  { logger }: Tools,
): Promise<void> {
  const id = jobId(record.body);
  if (id === undefined) throw new Error(`The dead-letter message ${record.messageId} names no job`);
  const error = { code: 'attempts_exhausted', message: reasonOf(record.body) } as const;
  const row = (await store.fail(id, error, new Date())) ?? (await store.get(id));
  if (row === undefined) {
    logger.warn('the job of a dead-letter message does not exist', { job_id: id });
    // Its worker may have written a checkpoint after the job was erased.
    return eraseWritten(objects, id);
  }
  if (!isFinal(row.status))
    throw new Error(`Job ${id} is held by a worker: its dead-letter message is tried again`);
  await eraseLeftovers(objects, row);
  const isBuried =
    row.error?.code === 'attempts_exhausted' || row.degraded.some(({ reason }) => reason === error.message);
  // An earlier invocation may have marked it as failed and stopped before it sent the event.
  if (isBuried) await announce(events, path, row);
}

/** Why the job of a message is not tried again. An invalid message fails whenever it is received. */
function reasonOf(body: string): string {
  const message = JobMessage.safeParse(JSON.parse(body)).data;
  return message === undefined || (message.failures ?? 0) >= MAX_FAILURES
    ? `The job failed after ${MAX_FAILURES} attempts`
    : `The job was given up after ${MAX_RECEIVES} workers were lost with it`;
}

/** The job id of a message, even if the rest of the message is invalid. */
function jobId(body: string): string | undefined {
  try {
    const { job_id } = JSON.parse(body) as { job_id?: unknown };
    return typeof job_id === 'string' && new RegExp(JOB_ID_PATTERN).test(job_id) ? job_id : undefined;
  } catch {
    return undefined;
  }
}
