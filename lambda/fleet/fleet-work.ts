import type { CloudWatchClient } from '@aws-sdk/client-cloudwatch';
import { GetQueueAttributesCommand, type SQSClient } from '@aws-sdk/client-sqs';
import { answeredMinutes, type Names, requestsInFlight, secondsSinceAnswer } from './answered-requests';
import type { Tools } from '../frame/runtime';
import type { FleetState } from '../../core/fleet/sizing';
import { patienceSeconds } from '../../core/fleet/watchdog';

/** The load balancers that send requests to the machines. */
export interface Balancer extends Names {
  cloudWatch: CloudWatchClient;
  requestsPerMachine: number;
}

export interface Sources {
  sqs: SQSClient;
  queueUrl: string;
  bulkQueueUrl: string;
  /** @default - machines only work on jobs */
  balancer?: Balancer;
}

export interface Work extends Pick<
  FleetState,
  'messages' | 'inFlight' | 'requestsInFlight' | 'requestsPerMachine'
> {
  /** Time since the last synchronous answer, in seconds. */
  quietSeconds: number;
}

/**
 * The current work.
 *
 * @param machines number of machines that may answer requests synchronously
 * @param idleSeconds idle time after which a worker ends its machine
 */
export async function fleetWork(
  machines: number,
  idleSeconds: number,
  sources: Sources,
  tools: Tools,
): Promise<Work> {
  const requests = requestState(machines, idleSeconds, sources, tools);
  const [queue, direct] = await Promise.all([queueState(sources), requests]);
  return { ...queue, ...direct };
}

/** The messages of both queues. */
async function queueState({ sqs, queueUrl, bulkQueueUrl }: Sources) {
  const [normal, bulk] = await Promise.all([messagesIn(sqs, queueUrl), messagesIn(sqs, bulkQueueUrl)]);
  return {
    messages: normal.messages + bulk.messages,
    inFlight: normal.inFlight + bulk.inFlight,
  };
}

async function messagesIn(sqs: SQSClient, queueUrl: string) {
  const { Attributes = {} } = await sqs.send(
    new GetQueueAttributesCommand({
      QueueUrl: queueUrl,
      AttributeNames: [
        'ApproximateNumberOfMessages',
        'ApproximateNumberOfMessagesNotVisible',
        'ApproximateNumberOfMessagesDelayed',
      ],
    }),
  );
  return {
    messages:
      Number(Attributes.ApproximateNumberOfMessages ?? 0) +
      Number(Attributes.ApproximateNumberOfMessagesDelayed ?? 0),
    inFlight: Number(Attributes.ApproximateNumberOfMessagesNotVisible ?? 0),
  };
}

/** Synchronous requests: none while no machine is running. */
async function requestState(machines: number, idleSeconds: number, { balancer }: Sources, { logger }: Tools) {
  if (balancer === undefined) return { requestsInFlight: 0, requestsPerMachine: 1, quietSeconds: Infinity };
  const { cloudWatch, requestsPerMachine } = balancer;
  if (machines === 0) return { requestsInFlight: 0, requestsPerMachine, quietSeconds: Infinity };
  const now = Date.now() / 1000;
  try {
    const span = { now, seconds: patienceSeconds(idleSeconds) };
    const { minutes, streamed } = await answeredMinutes(cloudWatch, balancer, span);
    const starts = [...minutes.map(({ start }) => start), ...streamed];
    return {
      requestsInFlight: requestsInFlight(minutes, now, idleSeconds),
      requestsPerMachine,
      quietSeconds: secondsSinceAnswer(starts, now),
    };
  } catch (error) {
    // Jobs still raise the fleet. No machine counts as idle, because it may be answering requests.
    logger.warn('cannot read the metrics of the load balancer', error as Error);
    return { requestsInFlight: 0, requestsPerMachine, quietSeconds: 0 };
  }
}
