import { ReceiveMessageCommand, SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { mockClient } from 'aws-sdk-client-mock';
import { JobQueue } from '../../../docker/worker/src/queue/queue';

const NORMAL = 'http://localhost:1/jobs';
const BULK = 'http://localhost:1/bulk';
const sqs = mockClient(SQSClient);
let queue: JobQueue;

beforeEach(() => {
  sqs.reset();
  sqs.on(ReceiveMessageCommand).resolves({});
  queue = new JobQueue(new SQSClient(), { normal: NORMAL, bulk: BULK }, 60);
});

/** The requests of a receive: queue and seconds. */
async function receive(): Promise<[string?, number?][]> {
  sqs.resetHistory();
  await queue.receive(3, new AbortController().signal);
  return sqs
    .commandCalls(ReceiveMessageCommand)
    .map(({ args: [{ input }] }) => [input.QueueUrl, input.WaitTimeSeconds]);
}

const waiting = (url: string) =>
  sqs.on(ReceiveMessageCommand, { QueueUrl: url }).resolves({ Messages: [{ MessageId: url }] });

describe('a receive', () => {
  test('waits for normal jobs, then looks for a bulk job, in the given time', async () => {
    expect(await receive()).toEqual([
      [NORMAL, 2],
      [BULK, 1],
    ]);
  });

  test('does not ask for bulk jobs while normal ones wait', async () => {
    waiting(BULK);
    waiting(NORMAL);
    expect(await receive()).toEqual([[NORMAL, 2]]);
  });

  test('looks for normal jobs for a second between bulk jobs, until there are none', async () => {
    waiting(BULK);
    await receive();
    const both = [
      [NORMAL, 1],
      [BULK, 1],
    ];
    expect(await receive()).toEqual(both);
    sqs.on(ReceiveMessageCommand, { QueueUrl: BULK }).resolves({});
    expect(await receive()).toEqual(both);
    expect((await receive())[0]).toEqual([NORMAL, 2]);
  });
});

test.each([
  [NORMAL, 'acme'],
  [BULK, 'globex'],
  [BULK, undefined],
])('a replacement goes to the queue %s and the group %j of its message', async (url, group) => {
  const Attributes = group === undefined ? {} : { MessageGroupId: group };
  sqs.on(ReceiveMessageCommand, { QueueUrl: url }).resolves({ Messages: [{ Attributes }] });
  sqs.on(SendMessageCommand).resolves({ MessageId: 'new' });
  const delivery = await queue.receive(3, new AbortController().signal);
  const id = 'job_0123456789abcdef0123456789abcdef';
  expect(await delivery!.sendReplacement({ version: 1, job_id: id }, 5)).toBe('new');
  expect(sqs.commandCalls(SendMessageCommand)[0]!.args[0].input).toEqual({
    QueueUrl: url,
    MessageBody: JSON.stringify({ version: 1, job_id: id }),
    MessageGroupId: group,
    DelaySeconds: 5,
  });
});
