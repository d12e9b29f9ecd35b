import { BatchProcessor, EventType, processPartialResponse } from '@aws-lambda-powertools/batch';
import { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import type { SQSBatchResponse, SQSEvent, SQSRecord } from 'aws-lambda';
import { documentClient } from '../frame/document-client';
import { announce } from '../../core/jobs/completion';
import { JobMessage } from '../../core/contract/job';
import { FINAL_STATUSES } from '../../core/contract/names';
import { JOB_ID_PATTERN } from '../../core/contract/keys';
import { MAX_FAILURES, MAX_RECEIVES } from '../../core/contract/limits';
import { JobStore } from '../../core/jobs/job-store';
import { env, lambdaHandler, type Tools } from '../frame/runtime';

export interface Dependencies {
  store: JobStore;
  events: EventBridgeClient;
  path: string;
}

/** Marks the jobs of messages in the dead-letter queue as failed. */
export const handler = lambdaHandler(
  (): Dependencies => ({
    store: new JobStore(documentClient(), env('jobsTable')),
    events: new EventBridgeClient(),
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
  { store, events, path }: Dependencies,
  { logger }: Tools,
): Promise<void> {
  const id = jobId(record.body);
  if (id === undefined) throw new Error(`The dead-letter message ${record.messageId} names no job`);
  const row = await store.get(id);
  if (row === undefined) {
    logger.warn('the job of a dead-letter message does not exist', { job_id: id });
    return;
  }
  const message = reasonOf(record.body);
  const failed = await store.fail(id, { code: 'attempts_exhausted', message }, new Date());
  const current = failed ?? (await store.get(id));
  // An earlier invocation may have marked it as failed and stopped before it sent the event.
  if (current?.error?.code === 'attempts_exhausted') return announce(events, path, current);
  const ended = current === undefined || (FINAL_STATUSES as readonly string[]).includes(current.status);
  if (!ended) throw new Error(`Job ${id} is held by a worker: its dead-letter message is tried again`);
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
