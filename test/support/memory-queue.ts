import type { Delivery } from '../../docker/worker/src/queue/queue';
import type { JobMessage } from '../../core/contract/job';
import { MAX_RECEIVES } from '../../core/contract/limits';

interface Message {
  id: string;
  body: JobMessage;
  receives: number;
  sentAt: number;
  visibleAt: number;
}

/**
 * A queue like SQS for one worker. Its clock advances to the time when the next message can be
 * received.
 */
export class MemoryQueue {
  /** Epoch milliseconds. */
  now = 0;
  received = 0;
  deadLetters = 0;
  private sent = 0;
  private messages: Message[] = [];

  add(body: JobMessage, delaySeconds = 0): string {
    const id = `message-${++this.sent}`;
    const visibleAt = this.now + delaySeconds * 1000;
    this.messages.push({ id, body, receives: 0, sentAt: this.now, visibleAt });
    return id;
  }

  /** The message that can be received first; undefined without messages. */
  next(): Delivery | undefined {
    for (;;) {
      const message = this.messages.sort((one, other) => one.visibleAt - other.visibleAt)[0];
      if (message === undefined) return undefined;
      this.now = Math.max(this.now, message.visibleAt);
      if (message.receives < MAX_RECEIVES) return this.deliver(message);
      this.deadLetters++;
      this.remove(message);
    }
  }

  private deliver(message: Message): Delivery {
    this.received++;
    message.receives++;
    message.visibleAt = Infinity;
    return {
      id: message.id,
      body: JSON.stringify(message.body),
      receives: message.receives,
      sentAt: message.sentAt,
      receivedAt: this.now,
      hide: async (seconds) => void (message.visibleAt = this.now + seconds * 1000),
      delete: async () => this.remove(message),
      sendReplacement: async (body, delaySeconds) => this.add(body, delaySeconds),
    };
  }

  private remove(message: Message): void {
    this.messages = this.messages.filter((each) => each !== message);
  }
}
