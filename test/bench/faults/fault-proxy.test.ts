import { GetObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { CallFault } from '../../../bench/faults/call-faults';
import { FaultProxy } from '../../../bench/faults/fault-proxy';
import type { Random } from '../../../bench/fleet/random';

/** Numbers that choose each fault. */
const CHOOSES: Record<CallFault | 'none', number> = {
  ...{ reset: 0.01, refused: 0.03, unanswered: 0.05, delayed: 0.08 },
  none: 0.5,
};

let target: Server;
let calls: string[];
let proxy: FaultProxy;
let received: string[];
/** Faults of the next calls; then none. */
let faults: CallFault[];
const random: Random = () => CHOOSES[faults.shift() ?? 'none'];

beforeEach(async () => {
  calls = [];
  received = [];
  faults = [];
  target = createServer((request, response) => {
    calls.push(`${request.method} ${request.url}`);
    const messages = JSON.stringify({ Messages: [{ ReceiptHandle: 'handle' }] });
    response.end(request.headers['x-amz-target'] === undefined ? 'content' : messages);
  });
  await new Promise<void>((resolve) => target.listen(0, '127.0.0.1', resolve));
  proxy = await FaultProxy.start({
    target: `http://127.0.0.1:${(target.address() as AddressInfo).port}`,
    random,
    onReceive: (handle) => received.push(handle),
  });
});
afterEach(async () => {
  await proxy.stop();
  target.closeAllConnections();
  target.close();
});

const read = async (maxAttempts: number): Promise<string | undefined> => {
  const client = new S3Client({
    ...{ endpoint: proxy.url, region: 'us-east-1', forcePathStyle: true, maxAttempts },
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
  });
  try {
    const { Body } = await client.send(new GetObjectCommand({ Bucket: 'b', Key: 'k' }));
    return await Body?.transformToString();
  } finally {
    client.destroy();
  }
};

it.each<[CallFault, number]>([
  ['reset', 0],
  ['refused', 0],
  ['unanswered', 1],
])('a call that is %s fails, after it reached the service %i times', async (fault, times) => {
  faults = [fault];
  await expect(read(1)).rejects.toThrow();
  expect(calls).toHaveLength(times);
  expect(proxy.counts.s3).toMatchObject({ calls: 1, [fault]: 1 });
});

it('a call that is delayed is answered', async () => {
  faults = ['delayed', 'reset'];
  expect(await read(1)).toBe('content');
  expect(proxy.counts.s3).toMatchObject({ calls: 1, delayed: 1 });
});

it('a client that tries again gets its answer', async () => {
  faults = ['unanswered'];
  expect(await read(3)).toBe('content');
  expect(calls).toHaveLength(2);
});

it('leaves the calls of other services alone', async () => {
  faults = ['reset'];
  const answer = await fetch(`${proxy.url}/other`, { headers: { authorization: 'none' } });
  expect(await answer.text()).toBe('content');
  expect(Object.values(proxy.counts).map((counts) => counts.calls)).toEqual([0, 0, 0]);
});

it('tells which messages are received', async () => {
  await fetch(proxy.url, { method: 'POST', headers: { 'x-amz-target': 'AmazonSQS.ReceiveMessage' } });
  await fetch(proxy.url, { method: 'POST', headers: { 'x-amz-target': 'AmazonSQS.SendMessage' } });
  expect(received).toEqual(['handle']);
});
