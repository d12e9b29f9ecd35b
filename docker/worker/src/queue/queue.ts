import {
  ChangeMessageVisibilityCommand,
  DeleteMessageCommand,
  GetQueueAttributesCommand,
  type Message,
  ReceiveMessageCommand,
  SendMessageCommand,
  type SQSClient,
} from '@aws-sdk/client-sqs';
import type { JobMessage } from '../../../../core/contract/job';

/** Longest visibility timeout of SQS, in seconds. */
const MAX_VISIBILITY = 43_200;

/** Longest delay of a message, in seconds. */
const MAX_DELAY = 900;

/**
 * Shortest useful wait of a ReceiveMessage request, in seconds. Without a wait, SQS asks only some of
 * its servers and may miss a message.
 */
const LOOK_SECONDS = 1;

/** A message that this worker has received. */
export interface Delivery {
  /** Id of the message. It is the same for each receive. */
  readonly id: string;
  readonly body: string | undefined;
  /** Number of receives, including this one. */
  readonly receives: number;
  /** Epoch milliseconds. */
  readonly sentAt: number;
  readonly receivedAt: number;
  /** Hides the message for the given seconds from now. 0 makes it visible immediately. */
  hide(seconds: number): Promise<void>;
  /** Deletes the message from the queue. */
  delete(): Promise<void>;
  /**
   * Sends a replacement message to the same queue, in the same message group, whose receives SQS counts from zero. The original stays until it
   * is deleted: a worker that is killed in between leaves two messages, not none.
   *
   * @param delaySeconds delay of the new message, at most 900
   * @returns id of the new message
   */
  sendReplacement(message: JobMessage, delaySeconds: number): Promise<string>;
}

/** The queues of normal and of bulk jobs, as one: bulk jobs wait while normal jobs wait. */
export class JobQueue {
  private readonly normal: SqsQueue;
  private readonly bulk: SqsQueue;
  /** Whether the last look at the bulk queue found a message. */
  private isBulkWaiting = false;

  constructor(sqs: SQSClient, urls: { normal: string; bulk: string }, visibilitySeconds: number) {
    this.normal = new SqsQueue(sqs, urls.normal, visibilitySeconds);
    this.bulk = new SqsQueue(sqs, urls.bulk, visibilitySeconds);
  }

  /**
   * Waits for a message, at most `waitSeconds` (20 or less). It receives a bulk job only if there is
   * no normal one, and looks for one during the last second, so that a normal job that comes then
   * waits for a second. While bulk jobs wait, it looks for both in turn.
   */
  async receive(waitSeconds: number, signal: AbortSignal): Promise<Delivery | undefined> {
    const look = Math.min(LOOK_SECONDS, waitSeconds);
    const first = await this.normal.receive(this.isBulkWaiting ? look : waitSeconds - look, signal);
    if (first !== undefined) return first;
    const second = await this.bulk.receive(look, signal);
    this.isBulkWaiting = second !== undefined;
    return second;
  }

  /** Number of visible and delayed messages of both queues, without messages in flight. */
  async backlog(): Promise<number> {
    const [normal, bulk] = await Promise.all([this.normal.backlog(), this.bulk.backlog()]);
    return normal + bulk;
  }
}

class SqsQueue {
  constructor(
    private readonly sqs: SQSClient,
    private readonly url: string,
    private readonly visibilitySeconds: number,
  ) {}

  /** Waits for a message. @param waitSeconds 20 or less */
  async receive(waitSeconds: number, signal: AbortSignal): Promise<Delivery | undefined> {
    const { Messages = [] } = await this.sqs.send(
      new ReceiveMessageCommand({
        QueueUrl: this.url,
        MaxNumberOfMessages: 1,
        WaitTimeSeconds: waitSeconds,
        VisibilityTimeout: this.visibilitySeconds,
        MessageSystemAttributeNames: ['ApproximateReceiveCount', 'SentTimestamp', 'MessageGroupId'],
      }),
      { abortSignal: signal },
    );
    const [message] = Messages;
    return message && this.delivery(message);
  }

  async backlog(): Promise<number> {
    const { Attributes } = await this.sqs.send(
      new GetQueueAttributesCommand({
        QueueUrl: this.url,
        AttributeNames: ['ApproximateNumberOfMessages', 'ApproximateNumberOfMessagesDelayed'],
      }),
    );
    const { ApproximateNumberOfMessages = 0, ApproximateNumberOfMessagesDelayed = 0 } = Attributes ?? {};
    return Number(ApproximateNumberOfMessages) + Number(ApproximateNumberOfMessagesDelayed);
  }

  private delivery(message: Message): Delivery {
    const { Body, ReceiptHandle, Attributes } = message;
    const handle = { QueueUrl: this.url, ReceiptHandle };
    const receivedAt = Date.now();
    return {
      id: message.MessageId ?? '',
      body: Body,
      receives: Number(Attributes?.ApproximateReceiveCount ?? 1),
      sentAt: Number(Attributes?.SentTimestamp ?? receivedAt),
      receivedAt,
      hide: async (seconds) => {
        const VisibilityTimeout = Math.min(Math.max(0, Math.ceil(seconds)), MAX_VISIBILITY);
        await this.sqs.send(new ChangeMessageVisibilityCommand({ ...handle, VisibilityTimeout }));
      },
      delete: async () => {
        await this.sqs.send(new DeleteMessageCommand(handle));
      },
      sendReplacement: async (content, delaySeconds) => {
        const { MessageId = '' } = await this.sqs.send(
          new SendMessageCommand({
            QueueUrl: this.url,
            MessageBody: JSON.stringify(content),
            MessageGroupId: Attributes?.MessageGroupId,
            DelaySeconds: Math.min(Math.max(0, Math.ceil(delaySeconds)), MAX_DELAY),
          }),
        );
        return MessageId;
      },
    };
  }
}
