import type { JobMessage, JobRow } from '../../../core/contract/job';
import { MAX_FAILURES } from '../../../core/contract/limits';
import { hearing, ModelServer, type Script, until } from '../../support/model-server';
import { eachTest } from './each-test';
import { RunningWorkers, type RunOptions } from './running-worker';
import type { WorkerAws } from './worker-aws';

const VISIBILITY = 3;
jest.setTimeout(60_000);

let aws: WorkerAws;
let model: ModelServer;
const workers = new RunningWorkers();
const breaks: Script = (_, answer) => answer.breakOff();

eachTest(VISIBILITY, workers, async (started) => {
  aws = started;
  model = await ModelServer.start(hearing(60, 5));
  return [model];
});

const start = (options?: RunOptions) => workers.start(aws, { whisper: model }, VISIBILITY, options);
const row = (job: JobRow) => aws.row(job);
const status = async (job: JobRow) => (await row(job)).status;
const ended = (job: JobRow) => aws.ended(job);
const send = ({ id }: JobRow, failures?: number) =>
  aws.send({ version: 1, job_id: id, failures } satisfies JobMessage);
const logged = (msg: string) => workers.lines.some((line) => line.msg === msg);
const deadLetters = async () => (await aws.depth(aws.deadLettersUrl)).visible;

describe('failures', () => {
  it('before an interruption count after it: the job ends as a dead letter', async () => {
    model.script = breaks;
    const job = await aws.job();
    await start();
    await send(job, MAX_FAILURES - 1);
    await until(async () => (await deadLetters()) === 1, 'a dead letter', 30);
    await aws.emptied();
    expect(await row(job)).toMatchObject({ status: 'queued', attempt: 1 });
    expect(model.requests).toHaveLength(1);
  });

  it('are carried by the message that takes the place of an interrupted one', async () => {
    model.script = hearing(600, 100);
    const job = await aws.job();
    const worker = await start();
    await send(job, 3);
    await until(() => model.requests.length === 1, 'the job is heard');
    await workers.stop(worker);
    expect(await aws.receiveAll()).toEqual([{ version: 1, job_id: job.id, failures: 3 }]);
  });
});

describe('a message that is no failure of its job', () => {
  it('is replaced where the worker stops before it has begun', async () => {
    model.script = hearing(600, 100);
    // Both models' slots are taken by the first two: what else comes is given back as it is.
    const jobs = await Promise.all([aws.job(), aws.job()]);
    const worker = await start();
    await Promise.all(jobs.map((job) => send(job, 2)));
    await until(
      async () => (await status(jobs[0])) === 'running' && (await status(jobs[1])) === 'running',
      'both',
    );
    await workers.stop(worker);
    const left = await aws.receiveAll();
    expect(left.map(({ failures }) => failures)).toEqual([2, 2]);
    expect(left.map(({ job_id }) => job_id).sort()).toEqual(jobs.map(({ id }) => id).sort());
  });

  it('is replaced where the model service is left alone when the job’s turn comes', async () => {
    let fails = false;
    model.script = async (_, answer) => {
      await until(() => fails, 'it fails');
      answer.breakOff();
    };
    const first = await aws.job();
    const waiting = await aws.job();
    await start({ guards: { failures: 1, restMs: 1_000 } });
    await send(first);
    await until(() => model.requests.length === 1, 'the first job is heard');
    await send(waiting, MAX_FAILURES - 1);
    await until(async () => (await status(waiting)) === 'running', 'the second job waits for its turn');
    model.script = hearing(60, 1);
    fails = true;
    await until(
      () => workers.lines.some(({ job, outcome }) => job === waiting.id && outcome === 'released'),
      'released',
    );
    expect(await deadLetters()).toBe(0);
    await ended(waiting);
  });
});

describe('a message of a job that another worker has', () => {
  it('is deleted if it is a duplicate, and uses up nothing', async () => {
    model.script = hearing(600, 60);
    const job = await aws.job();
    await start();
    await send(job);
    await until(() => model.requests.length === 1, 'the job is heard');
    for (let sent = 0; sent <= MAX_FAILURES; sent++) await send(job, sent);
    await until(async () => (await aws.depth()).visible === 0, 'the duplicates are received');
    await ended(job);
    await aws.emptied();
    expect(await deadLetters()).toBe(0);
    expect(await row(job)).toMatchObject({ attempt: 1 });
    expect(model.requests).toHaveLength(1);
  });

  it('comes back when the lease has lapsed if it may be the owner’s own, without being counted twice', async () => {
    const job = await aws.job();
    // As after a crash: the owner claimed by the message that is received again, a little before its lease lapses.
    await aws.store.claim(job.id, 'unknown', Date.now() + 2500, new Date());
    const { MessageId } = await send(job, 1);
    await aws.store.replaceMessage(job.id, 'unknown', MessageId!);
    await start();
    await ended(job);
    await aws.emptied();
    expect(logged('another worker has the job')).toBe(true);
    expect(await row(job)).toMatchObject({ attempt: 2 });
  });
});

it('a message that comes before its job’s audio is dropped: the audio sends another', async () => {
  const job = await aws.job();
  const id = job.id.replace(/.$/, job.id.endsWith('0') ? '1' : '0');
  await aws.store.create({ ...job, id, status: 'awaiting_upload' });
  await start();
  await aws.send({ version: 1, job_id: id });
  await until(() => logged('the job still waits for its input'), 'a warning');
  await aws.emptied();
  expect(await deadLetters()).toBe(0);
});
