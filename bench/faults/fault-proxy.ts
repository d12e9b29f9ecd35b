import {
  Agent,
  createServer,
  type IncomingMessage,
  request,
  type Server,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { between, type Random } from '../fleet/random';
import {
  type CallCounts,
  type CallFault,
  chooseFault,
  type FaultyService,
  LONGEST_DELAY_MS,
  noCalls,
  serviceOf,
} from './call-faults';

/** An answer of the emulator. */
interface Answer {
  status: number;
  headers: IncomingMessage['headers'];
  body: Buffer;
}

export interface FaultProxyOptions {
  /** URL of the emulator. */
  target: string;
  random: Random;
  /** Called for each message that a worker receives, before the worker has it. */
  onReceive: (receiptHandle: string) => void;
}

/**
 * Stands between workers and the emulator, on 127.0.0.1. It delays and fails a share of the calls of
 * S3, SQS and DynamoDB.
 */
export class FaultProxy {
  readonly counts: Record<FaultyService, CallCounts> = {
    dynamodb: noCalls(),
    s3: noCalls(),
    sqs: noCalls(),
  };
  private readonly agent = new Agent({ keepAlive: true });
  private readonly server: Server;

  private constructor(private readonly options: FaultProxyOptions) {
    this.server = createServer((call, answer) => {
      // A killed worker closes its connections in the middle of calls.
      this.pass(call, answer).catch((error: unknown) => answer.destroy(error as Error));
    });
  }

  static async start(options: FaultProxyOptions): Promise<FaultProxy> {
    const proxy = new FaultProxy(options);
    await new Promise<void>((resolve) => proxy.server.listen(0, '127.0.0.1', resolve));
    return proxy;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
    this.agent.destroy();
  }

  private async pass(call: IncomingMessage, answer: ServerResponse): Promise<void> {
    const { random } = this.options;
    const service = serviceOf(call.headers.authorization);
    const fault = service === undefined ? undefined : this.faultOf(service);
    const body = await buffer(call);
    if (fault === 'reset') return void call.socket.destroy();
    if (fault === 'refused') {
      const status = random() < 0.5 ? 500 : 503;
      return void answer.writeHead(status, { 'content-type': call.headers['content-type'] ?? '' }).end();
    }
    if (fault === 'delayed') await sleep(between(random, 0, LONGEST_DELAY_MS));
    const done = await this.forward(call, body);
    this.reportReceived(call, done);
    if (fault === 'unanswered') return void call.socket.destroy();
    answer.writeHead(done.status, done.headers).end(done.body);
  }

  private faultOf(service: FaultyService): CallFault | undefined {
    const counts = this.counts[service];
    const fault = chooseFault(this.options.random);
    counts.calls++;
    if (fault !== undefined) counts[fault]++;
    return fault;
  }

  private forward({ method, url = '', headers }: IncomingMessage, body: Buffer): Promise<Answer> {
    // The body has arrived: the emulator need not ask for it.
    const kept = Object.fromEntries(Object.entries(headers).filter(([name]) => name !== 'expect'));
    return new Promise((resolve, reject) => {
      const call = request(
        new URL(url, this.options.target),
        { method, headers: kept, agent: this.agent },
        (response) => {
          buffer(response).then(
            (content) =>
              resolve({ status: response.statusCode ?? 502, headers: response.headers, body: content }),
            reject,
          );
        },
      );
      call.once('error', reject);
      call.end(body);
    });
  }

  private reportReceived({ headers }: IncomingMessage, { status, body }: Answer): void {
    if (headers['x-amz-target'] !== 'AmazonSQS.ReceiveMessage' || status !== 200) return;
    const { Messages = [] } = JSON.parse(body.toString()) as { Messages?: { ReceiptHandle: string }[] };
    for (const { ReceiptHandle } of Messages) this.options.onReceive(ReceiptHandle);
  }
}
