import { ReceiveMessageCommand } from '@aws-sdk/client-sqs';
import type { JobRow } from '../../../core/contract/job';
import { JobQueue } from '../../../docker/worker/src/queue/queue';
import { hearing, ModelServer, until } from '../../support/model-server';
import { eachTest } from './each-test';
import { RunningWorkers } from './running-worker';
import type { WorkerAws } from './worker-aws';

const VISIBILITY = 30;
/** Jobs that a worker with one model holds at most: one in work, and one prepared for it. */
const HELD = 2;

let aws: WorkerAws;
let model: ModelServer;
const workers = new RunningWorkers();

eachTest(VISIBILITY, workers, async (started) => {
  aws = started;
  model = await ModelServer.start(hearing(60, 5));
  return [model];
});

const start = () => workers.start(aws, { whisper: model }, VISIBILITY);
const jobs = (count: number) => Promise.all(Array.from({ length: count }, () => aws.job()));
const message = ({ id }: JobRow) => ({ version: 1, job_id: id });
const send = (job: JobRow, group?: string) => aws.send(message(job), { group });
const sendBulk = (job: JobRow, group?: string) => aws.send(message(job), { url: aws.bulkQueueUrl, group });
/** Position of a job in the order in which the model got them. */
const position = ({ id }: JobRow) => model.requests.findIndex(({ path }) => path.startsWith(id));

/** Takes the messages out of a queue, each with its group. */
async function left(url: string) {
  const command = new ReceiveMessageCommand({
    QueueUrl: url,
    MaxNumberOfMessages: 10,
    MessageSystemAttributeNames: ['MessageGroupId'],
  });
  const { Messages = [] } = await aws.mine().sqs.send(command);
  return Messages.map(({ Body, Attributes }) => [JSON.parse(Body!), Attributes?.MessageGroupId]);
}

describe('bulk jobs', () => {
  it('wait for the normal jobs that were sent after them, and are done then', async () => {
    const bulk = await jobs(4);
    const normal = await jobs(4);
    for (const job of bulk) await sendBulk(job);
    for (const job of normal) await send(job);
    await start();
    await Promise.all([...bulk, ...normal].map((job) => aws.ended(job)));
    const firstBulk = Math.min(...bulk.map(position));
    const before = normal.filter((job) => position(job) < firstBulk);
    // One slot may find no normal job while the other begins with the last one.
    expect(before.length).toBeGreaterThanOrEqual(normal.length - 1);
  });

  it('delay a normal job only by those that the worker already has', async () => {
    let isSent = false;
    const hear = hearing(60, 1);
    model.script = async (request, answer) => {
      await until(() => isSent, 'the normal job is sent');
      return hear(request, answer);
    };
    const bulk = await jobs(5);
    const normal = await aws.job();
    for (const job of bulk) await sendBulk(job);
    await start();
    await until(async () => (await aws.depth(aws.bulkQueueUrl)).inFlight === HELD, 'the worker has its jobs');
    await send(normal);
    isSent = true;
    await Promise.all([...bulk, normal].map((job) => aws.ended(job)));
    expect(position(normal)).toBe(HELD);
  });

  it('go back to their own queue, in the group of their tenant, if the worker stops', async () => {
    model.script = hearing(600, 100);
    const [one, other] = await jobs(2);
    await sendBulk(one!, 'acme');
    await sendBulk(other!, 'globex');
    const worker = await start();
    await until(async () => (await aws.row(other!)).status === 'running', 'the jobs run');
    await until(async () => (await aws.row(one!)).status === 'running', 'the jobs run');
    await workers.stop(worker);
    expect(await left(aws.queueUrl)).toEqual([]);
    const returned = await left(aws.bulkQueueUrl);
    expect(returned).toHaveLength(2);
    expect(returned).toEqual(
      expect.arrayContaining([
        [message(one!), 'acme'],
        [message(other!), 'globex'],
      ]),
    );
  });
});

it('the backlog is that of both queues', async () => {
  const [one, ...others] = await jobs(3);
  await send(one!);
  for (const job of others) await sendBulk(job);
  const { sqs } = aws.mine();
  const queue = new JobQueue(sqs, { normal: aws.queueUrl, bulk: aws.bulkQueueUrl }, VISIBILITY);
  expect(await queue.backlog()).toBe(3);
});
