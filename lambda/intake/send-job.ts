import { createHash } from 'node:crypto';
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import type { JobMessage, JobRow } from '../../core/contract/job';
import type { SizeFleetEvent, WaitingRow } from '../../core/contract/machine';
import { documentClient } from '../frame/document-client';
import { JobStore } from '../../core/jobs/job-store';
import { queueBeside } from '../../core/jobs/queue-beside';
import { env } from '../frame/runtime';

export interface Dispatch {
  store: JobStore;
  sqs: SQSClient;
  lambda: LambdaClient;
  queueUrl: string;
  bulkQueueUrl: string;
  sizeFleetFunction: string;
}

/** Clients and settings for sending jobs, from the environment. */
export const dispatch = (): Dispatch => ({
  store: new JobStore(documentClient(), env('jobsTable')),
  sqs: new SQSClient(),
  lambda: new LambdaClient(),
  queueUrl: env('queueUrl'),
  bulkQueueUrl: queueBeside(env('queueUrl'), env('bulkQueue')),
  sizeFleetFunction: env('sizeFleetFunction'),
});

/**
 * Sends a queued job's message to the queue of its priority, in the group of its tenant: SQS first
 * delivers messages of tenants that few workers work for (docs/decisions/048).
 */
export async function sendJob(dispatch: Dispatch, row: JobRow): Promise<void> {
  const { store, sqs, queueUrl, bulkQueueUrl } = dispatch;
  const message: JobMessage = { version: 1, job_id: row.id };
  await sqs.send(
    new SendMessageCommand({
      QueueUrl: row.priority === 'bulk' ? bulkQueueUrl : queueUrl,
      MessageBody: JSON.stringify(message),
      MessageGroupId: messageGroup(row.tenant),
    }),
  );
  await store.confirmSent(row.id, new Date());
}

/**
 * Starts the sizing of the fleet now instead of within a minute, without waiting for it.
 *
 * @param row a job that has just arrived. @default - none
 */
export async function wakeFleet(
  { lambda, sizeFleetFunction }: Pick<Dispatch, 'lambda' | 'sizeFleetFunction'>,
  row?: JobRow,
): Promise<void> {
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

/** What SQS takes as a group: up to 128 letters, digits and punctuation marks of ASCII. */
const GROUP = /^[\x21-\x7e]{1,128}$/;

/** The message group of a tenant: its name, or a hash of a name that SQS would refuse. */
const messageGroup = (tenant: string): string =>
  GROUP.test(tenant) ? tenant : createHash('sha256').update(tenant).digest('hex');
