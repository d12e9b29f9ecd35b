import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import type { JobMessage, JobRow } from '../../core/contract/job';
import type { SizeFleetEvent, WaitingRow } from '../../core/contract/machine';
import { documentClient } from '../frame/document-client';
import { JobStore } from '../../core/jobs/job-store';
import { env } from '../frame/runtime';

export interface Dispatch {
  store: JobStore;
  sqs: SQSClient;
  lambda: LambdaClient;
  queueUrl: string;
  sizeFleetFunction: string;
}

/** Clients and settings for sending jobs, from the environment. */
export const dispatch = (): Dispatch => ({
  store: new JobStore(documentClient(), env('jobsTable')),
  sqs: new SQSClient(),
  lambda: new LambdaClient(),
  queueUrl: env('queueUrl'),
  sizeFleetFunction: env('sizeFleetFunction'),
});

/** Sends a queued job's message, and records that it was sent. */
export async function sendJob({ store, sqs, queueUrl }: Dispatch, row: JobRow): Promise<void> {
  const message: JobMessage = { version: 1, job_id: row.id };
  await sqs.send(new SendMessageCommand({ QueueUrl: queueUrl, MessageBody: JSON.stringify(message) }));
  await store.confirmSent(row.id, new Date());
}

/**
 * Starts the sizing of the fleet now instead of within a minute, without waiting for it.
 *
 * @param row a job that has just arrived. @default - none
 */
export async function wakeFleet({ lambda, sizeFleetFunction }: Dispatch, row?: JobRow): Promise<void> {
  const event: SizeFleetEvent = { arrived: row && waitingRow(row) };
  await lambda.send(
    new InvokeCommand({
      FunctionName: sizeFleetFunction,
      InvocationType: 'Event',
      Payload: JSON.stringify(event),
    }),
  );
}

const waitingRow = ({ id, estimate, input_bytes, queued_at, waits_from }: JobRow): WaitingRow => ({
  ...{ id, estimate, input_bytes, queued_at },
  waits_from: waits_from ?? Date.now(),
});
