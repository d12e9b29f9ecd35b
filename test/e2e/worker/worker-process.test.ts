import type { ChildProcess } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { KEY } from '../../../core/contract/keys';
import { MAX_FAILURES } from '../../../core/contract/limits';
import { hearing, ModelServer, until } from '../../support/model-server';
import { WorkerAws } from './worker-aws';
import { exitOf, WorkerProcesses } from './worker-processes';

const VISIBILITY = 3;
let aws: WorkerAws;
let model: ModelServer;
let workers: WorkerProcesses;

beforeAll(async () => {
  [aws, workers] = await Promise.all([WorkerAws.start(), WorkerProcesses.prepare()]);
});
afterAll(async () => {
  await workers?.remove();
  await aws?.stop();
});
beforeEach(async () => {
  await aws.freshQueues(VISIBILITY);
  model = await ModelServer.start(hearing(600, 100));
});
afterEach(async () => {
  await workers.reset();
  await model.stop();
});

const run = (environment?: Record<string, string>): Promise<ChildProcess> =>
  workers.start(
    aws,
    [{ name: 'whisper', url: model.url, tasks: ['transcription'] }],
    VISIBILITY,
    environment,
  );

describe('a worker’s process', () => {
  it('exits with 0 after SIGTERM in the middle of a job, and the job is there for the next one', async () => {
    const job = await aws.job();
    const child = await run();
    await aws.sendJob(job);
    await until(async () => ((await aws.store.get(job.id))?.progress ?? 0) > 0, 'progress');
    expect(await workers.end(child, 'SIGTERM')).toBe(0);
    expect(await aws.store.get(job.id)).toMatchObject({ status: 'queued', attempt: 1 });
    expect(await aws.depth()).toEqual({ visible: 1, inFlight: 0 });
    expect(readdirSync(workers.shared)).toEqual([]);
    expect(workers.lines.at(-1)).toContain('worker stopped');
  });

  it('interrupted more often than a job may fail, leaves the job to the next one, which ends it', async () => {
    const job = await aws.job();
    await aws.sendJob(job);
    for (let interrupted = 1; interrupted <= MAX_FAILURES + 1; interrupted++) {
      const child = await run();
      await until(() => model.requests.length === interrupted, `attempt ${interrupted}`);
      expect(await workers.end(child, 'SIGTERM')).toBe(0);
    }
    model.script = hearing(60, 1);
    await run();
    await until(async () => (await aws.store.get(job.id))?.status === 'succeeded', 'the job succeeds');
    expect(await aws.store.get(job.id)).toMatchObject({ attempt: MAX_FAILURES + 2 });
    expect(await aws.depth(aws.deadLettersUrl)).toEqual({ visible: 0, inFlight: 0 });
  });

  it('killed in the middle of a job, leaves it to the next one: one result, nothing in scratch', async () => {
    const job = await aws.job();
    const first = await run();
    await aws.sendJob(job);
    await until(() => model.requests.length === 1, 'the first attempt');
    await workers.end(first, 'SIGKILL');
    expect(readdirSync(workers.shared)).toEqual([job.id]);

    model.script = hearing(60, 1);
    const second = await run();
    await until(async () => (await aws.store.get(job.id))?.status === 'succeeded', 'the job succeeds');
    await until(async () => (await aws.depth()).inFlight === 0, 'its message is deleted');
    expect(await aws.store.get(job.id)).toMatchObject({ attempt: 2 });
    expect(await aws.keys(KEY.job(job.id))).toEqual([KEY.input(job.id), KEY.result(job.id, 2, 'transcript')]);
    await until(() => readdirSync(workers.shared).length === 0, 'scratch is empty');
    expect(await workers.end(second, 'SIGTERM')).toBe(0);
  });

  it('killed more often than a job may fail, leaves the job to the next one', async () => {
    const job = await aws.job();
    await aws.sendJob(job);
    for (let killed = 1; killed <= MAX_FAILURES + 1; killed++) {
      const child = await run();
      await until(() => model.requests.length === killed, `attempt ${killed}`);
      await workers.end(child, 'SIGKILL');
    }
    model.script = hearing(60, 1);
    await run();
    await until(async () => (await aws.store.get(job.id))?.status === 'succeeded', 'the job succeeds');
    expect(await aws.store.get(job.id)).toMatchObject({ attempt: MAX_FAILURES + 2 });
    expect(await aws.depth(aws.deadLettersUrl)).toEqual({ visible: 0, inFlight: 0 });
  });

  it('that cannot start says why in one line', async () => {
    const child = await run({ SERVICES: 'whisper' });
    expect(await exitOf(child)).toBe(1);
    expect(workers.lines).toHaveLength(1);
    expect(JSON.parse(workers.lines[0]!)).toEqual({
      level: 'fatal',
      time: expect.any(String),
      msg: 'SERVICES must be a list such as [{"name":"whisper","url":"http://whisper:8001","tasks":["transcription"]}]; got "whisper". Correct it in the machine’s specification.',
    });
  });
});
