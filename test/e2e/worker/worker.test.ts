import { readdirSync } from 'node:fs';
import { Scratch } from '../../../docker/worker/src/jobs/scratch';
import type { Worker } from '../../../docker/worker/src/worker';
import { KEY } from '../../../core/contract/keys';
import type { Checkpoint } from '../../../core/contract/work/transcript';
import type { JobRow } from '../../../core/contract/job';
import { hearing, ModelServer, segmentAt, transcriptOf, until } from '../../support/model-server';
import { eachTest } from './each-test';
import { addressOf, RunningWorkers, type RunOptions } from './running-worker';
import type { WorkerAws } from './worker-aws';

const VISIBILITY = 3;
let aws: WorkerAws;
let model: ModelServer;
const workers = new RunningWorkers();

eachTest(VISIBILITY, workers, async (started) => {
  aws = started;
  model = await ModelServer.start(hearing(60, 5));
  return [model];
});

const startWorker = (options?: RunOptions) => workers.start(aws, { whisper: model }, VISIBILITY, options);
const stop = (worker: Worker) => workers.stop(worker);
const row = (job: JobRow) => aws.row(job);
const status = async (job: JobRow) => (await row(job)).status;
const ended = (job: JobRow, as?: JobRow['status']) => aws.ended(job, as);
const get = async (worker: Worker, path: string) => {
  const answer = await fetch(`${addressOf(worker)}${path}`);
  return { status: answer.status, body: await answer.text() };
};

describe('a worker', () => {
  it('takes a job from its message to its transcript, with a receipt, and leaves nothing behind', async () => {
    const job = await aws.job();
    await startWorker();
    await aws.sendJob(job);
    await ended(job);
    await aws.emptied();

    const done = await row(job);
    expect(done).toMatchObject({
      progress: 1,
      attempt: 1,
      stages: { transcript: 'succeeded' },
      receipt: { audio_seconds: 60, machine_type: 'g4dn.xlarge', capacity: 'spot', price_per_hour: 0.205 },
    });
    expect(done.open).toBeUndefined();
    expect(done.receipt!.processing_seconds).toBeGreaterThan(0);
    expect((await aws.transcript(done)).segments).toHaveLength(6);
    expect(await aws.keys(KEY.job(job.id))).toEqual([KEY.input(job.id), KEY.result(job.id, 1, 'transcript')]);
    await until(() => readdirSync(workers.folders[0]!).length === 0, 'scratch is empty');
    const line = workers.lines.find(({ msg }) => msg === 'job');
    expect(Object.keys(line?.ms as object)).toEqual(
      expect.arrayContaining(['queued', 'claim', 'download', 'model_wait', 'model', 'commit', 'delete']),
    );
    expect(JSON.stringify(workers.lines)).not.toContain('word 10');
  });

  it('runs one of two deliveries of a job at the same time', async () => {
    model.script = hearing(60, 100);
    const job = await aws.job();
    await Promise.all([startWorker(), startWorker()]);
    await Promise.all([aws.sendJob(job), aws.sendJob(job)]);
    await ended(job);
    await aws.emptied();
    expect(model.requests).toHaveLength(1);
    expect((await row(job)).attempt).toBe(1);
  });

  it('brings the next audio while the model is busy, and gives the model one job at a time', async () => {
    model.script = hearing(60, 100);
    const jobs = await Promise.all([aws.job(), aws.job(), aws.job()]);
    await startWorker();
    await Promise.all(jobs.map((job) => aws.sendJob(job)));
    const inHand = () => readdirSync(workers.folders[0]!).length;
    await until(() => inHand() === 2 && model.requests.length === 1, 'two jobs in hand, one with the model');
    await Promise.all(jobs.map((job) => ended(job)));
    expect(model.mostAtOnce).toBe(1);
  });

  it('gives its jobs back with a checkpoint when it is told to stop, and the next one goes on from there', async () => {
    model.script = hearing(60, 200);
    const [first, second] = await Promise.all([aws.job(), aws.job()]);
    const worker = await startWorker();
    await aws.sendJob(first);
    await until(() => model.requests.length === 1, 'the first job is heard');
    await aws.sendJob(second);
    await until(async () => (await aws.keys(KEY.checkpoint(first.id))).length === 1, 'a checkpoint');
    await until(async () => (await status(second)) === 'running', 'the second job waits for the model');
    await stop(worker);
    expect([await status(first), await status(second)]).toEqual(['queued', 'queued']);
    expect(await aws.depth()).toEqual({ visible: 2, inFlight: 0 });
    const { end } = (await aws.read(KEY.checkpoint(first.id))) as Checkpoint;
    expect(end).toBeGreaterThanOrEqual(10);

    await startWorker();
    await Promise.all([ended(first), ended(second)]);
    const resumed = model.requests.find(({ path, start_at }) => path.startsWith(first.id) && start_at);
    expect(resumed?.start_at).toBe(end);
    expect(resumed?.earlier).toHaveLength(end / 10);
    const { segments, text } = await aws.transcript(await row(first));
    expect(segments.map(({ id, start }) => [id, start])).toEqual(
      [0, 1, 2, 3, 4, 5].map((id) => [id, id * 10]),
    );
    expect(text).toBe(segments.map((segment) => segment.text).join(' '));
    expect((await row(first)).receipt!.processing_seconds).toBeGreaterThan(1);
    await aws.emptied();
    expect(await aws.keys(KEY.checkpoint(first.id))).toEqual([]);
  });

  it('asks the model for what the job chose, and shows how its diarization gets on', async () => {
    let found = () => undefined as void;
    const diarizing = new Promise<void>((resolve) => (found = resolve));
    model.script = hearing(60, 1, () => diarizing);
    const options = { task: 'translate', hotwords: 'Ölçer', diarize: true, max_speakers: 3 } as const;
    const job = await aws.job(options);
    await startWorker();
    await aws.sendJob(job);
    await until(async () => (await row(job)).stages.diarization === 'running', 'diarization runs');
    expect(await row(job)).toMatchObject({ progress: 0.6, stages: { transcript: 'running' } });
    found();
    await ended(job);
    expect(model.requests).toEqual([{ ...options, path: `${job.id}/input`, max_seconds: 3600 }]);
    const done = await row(job);
    expect(done).toMatchObject({
      progress: 1,
      stages: { transcript: 'succeeded', diarization: 'succeeded' },
      degraded: [],
    });
    const { segments, diarization } = await aws.transcript(done);
    expect(segments.map(({ speaker }) => speaker)).toEqual(Array(6).fill('A'));
    expect(diarization?.turns).toHaveLength(6);
  });

  it('delivers the words where diarization failed, and says so', async () => {
    const lost = { stage: 'diarization', reason: 'No speakers: there is no model.' } as const;
    model.script = (_, answer) => {
      answer.event({ type: 'stage', stage: 'diarization', state: 'failed', progress: 1 });
      answer.event({ type: 'result', transcript: { ...transcriptOf([segmentAt(0)], 60), degraded: [lost] } });
    };
    const job = await aws.job({ diarize: true });
    await startWorker();
    await aws.sendJob(job);
    await ended(job);
    expect(await row(job)).toMatchObject({
      stages: { transcript: 'succeeded', diarization: 'failed' },
      degraded: [lost],
    });
  });

  it('stopped while speakers are found, leaves all words to the next one, which finds the speakers alone', async () => {
    model.script = hearing(60, 1, (answer) => until(() => answer.gone, 'the worker leaves'));
    const job = await aws.job({ diarize: true });
    const worker = await startWorker({ checkpointMs: 3_600_000 });
    await aws.sendJob(job);
    await until(async () => (await row(job)).stages.diarization === 'running', 'diarization runs');
    await stop(worker);
    expect(await aws.read(KEY.checkpoint(job.id))).toMatchObject({ end: 60 });

    model.script = hearing(60, 1);
    await startWorker();
    await ended(job);
    expect(model.requests[1]).toMatchObject({ diarize: true, start_at: 60 });
    expect(model.requests[1]?.earlier?.map(({ id, start }) => [id, start])).toEqual(
      [0, 1, 2, 3, 4, 5].map((id) => [id, id * 10]),
    );
    const { segments } = await aws.transcript(await row(job));
    expect(segments.map(({ id, speaker }) => [id, speaker])).toEqual(
      [0, 1, 2, 3, 4, 5].map((id) => [id, 'A']),
    );
  });

  it('keeps a checkpoint of the last words while speakers are found, once', async () => {
    // Speakers take until the words are saved, and then as long again as checkpoints are apart,
    // three times.
    model.script = hearing(60, 1, async (answer) => {
      for (let left = 30; left > 0; left -= saved.includes(60) ? 1 : 0) {
        answer.event({ type: 'stage', stage: 'diarization', state: 'running', progress: 0.8 });
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    });
    const clients = aws.clients();
    const saved: number[] = [];
    clients.s3.middlewareStack.add(
      (next) => async (args) => {
        const { Key, Body } = args.input as { Key?: string; Body?: string };
        if (Key === KEY.checkpoint(job.id) && Body !== undefined) {
          saved.push((JSON.parse(Body) as Checkpoint).end);
        }
        return next(args);
      },
      { step: 'initialize' },
    );
    const job = await aws.job({ diarize: true });
    await startWorker({ clients, checkpointMs: 200 });
    await aws.sendJob(job);
    await ended(job);
    expect(saved.filter((end) => end === 60)).toEqual([60]);
  });

  it('fails a job whose audio is at fault at once, and goes on with others', async () => {
    model.script = ({ path }, answer) =>
      path.startsWith(bad.id)
        ? answer.refuse(422, {
            error: { code: 'bad_audio', message: 'no audio', type: 'invalid_request_error', param: null },
          })
        : hearing(10, 1)({ path }, answer);
    const bad = await aws.job();
    const good = await aws.job();
    await startWorker();
    await aws.sendJob(bad);
    await aws.sendJob(good);
    await ended(bad, 'failed');
    await ended(good);
    await aws.emptied();
    expect(await row(bad)).toMatchObject({ attempt: 1, error: { code: 'bad_audio', message: 'no audio' } });
  });

  it('fails a job whose audio is gone, without asking the model', async () => {
    const job = await aws.job();
    await aws.remove(job.input_key);
    await startWorker();
    await aws.sendJob(job);
    await ended(job, 'failed');
    await aws.emptied();
    expect(await row(job)).toMatchObject({ error: { code: 'source_not_found' } });
    expect(model.requests).toHaveLength(0);
  });

  it('leaves poison to the dead-letter queue', async () => {
    await startWorker();
    await aws.send({ version: 99, job_id: 'job_00000000000000000000000000000000' });
    await until(async () => (await aws.depth(aws.deadLettersUrl)).visible === 1, 'a dead letter');
    await aws.emptied();
  });

  it('deletes the message of a job that has been erased', async () => {
    await startWorker();
    await aws.send({ version: 1, job_id: 'job_00000000000000000000000000000000' });
    await until(() => workers.lines.some(({ msg }) => msg === 'the job has been erased'), 'a warning');
    await aws.emptied();
    expect(await aws.depth(aws.deadLettersUrl)).toMatchObject({ inFlight: 0 });
  });

  it('only announces and deletes what was committed before the delete', async () => {
    const job = await aws.job();
    const claim = await aws.store.claim(job.id, 'other-message', Date.now() + 1000, new Date());
    if (claim.outcome !== 'claimed') throw new Error('not claimed');
    await aws.store.failHeld(job.id, 1, { code: 'bad_audio', message: 'x' }, new Date());
    await startWorker();
    await aws.sendJob(job);
    await aws.emptied();
    expect(model.requests).toHaveLength(0);
    expect((await row(job)).attempt).toBe(1);
  });

  it('takes up the job of a worker that was killed, from its checkpoint, when the lease has lapsed', async () => {
    const job = await aws.job();
    const { MessageId } = await aws.sendJob(job);
    await aws.store.claim(job.id, MessageId!, Date.now() + 2000, new Date());
    const kept: Checkpoint = { end: 20, segments: [segmentAt(0), segmentAt(10, 1)], processing_seconds: 100 };
    await aws.put(KEY.checkpoint(job.id), JSON.stringify(kept));
    await startWorker();
    await ended(job);
    expect(model.requests.map(({ start_at }) => start_at)).toEqual([20]);
    const done = await row(job);
    expect(done.attempt).toBe(2);
    expect(done.receipt!.processing_seconds).toBeGreaterThan(100);
    expect((await aws.transcript(done)).segments).toHaveLength(6);
  });

  it('abandons a job that another has taken over: its commit is refused, and the other result stands', async () => {
    let release = () => undefined as void;
    const held = new Promise<void>((resolve) => (release = resolve));
    model.script = async (request, answer) => {
      if (model.requests.length === 1) await held;
      await hearing(60, 1)(request, answer);
    };
    const job = await aws.job();
    // Its heartbeats come each 20 s only: its claim is taken for lapsed below, as if its clock had
    // stopped.
    await startWorker({ visibility: 60 });
    await aws.sendJob(job);
    await until(() => model.requests.length === 1, 'the first attempt');
    const claim = await aws.store.claim(
      job.id,
      'other-message',
      Date.now() + 60_000,
      new Date(Date.now() + 120_000),
    );
    expect(claim).toMatchObject({ outcome: 'claimed', row: { attempt: 2 } });
    release();
    await until(() => workers.lines.some(({ outcome }) => outcome === 'lost'), 'the first attempt gives up');
    expect(await row(job)).toMatchObject({ status: 'running', attempt: 2 });
    expect(await aws.keys(KEY.job(job.id))).toEqual([KEY.input(job.id)]);
  });

  it('stops working on a cancelled job, erases what it wrote and deletes the message', async () => {
    model.script = hearing(600, 100);
    const job = await aws.job();
    await startWorker();
    await aws.sendJob(job);
    await until(async () => (await aws.keys(KEY.checkpoint(job.id))).length === 1, 'a checkpoint');
    await aws.store.cancel(job.id, 'default', new Date());
    await aws.emptied();
    await until(() => model.abandoned === 1, 'the model is told');
    expect(await aws.keys(KEY.job(job.id))).toEqual([KEY.input(job.id)]);
  });

  it('tries again after the model service broke off, from the checkpoint', async () => {
    let broken = false;
    model.script = async (request, answer) => {
      if (broken) return hearing(60, 1)(request, answer);
      broken = true;
      answer.event({ type: 'started', duration: 60, engine: 'faster-whisper', model: 'test' });
      answer.event({ type: 'segment', segment: segmentAt(0) });
      answer.event({ type: 'window', end: 10, progress: 0.2 });
      await until(async () => (await aws.keys(KEY.checkpoint(job.id))).length === 1, 'a checkpoint');
      answer.breakOff();
    };
    const job = await aws.job();
    await startWorker();
    await aws.sendJob(job);
    await ended(job);
    expect(model.requests.map(({ start_at }) => start_at)).toEqual([undefined, 10]);
    expect(await row(job)).toMatchObject({ attempt: 2 });
  });

  it('takes no messages while the model service is not ready', async () => {
    model.healthy = false;
    const job = await aws.job();
    const worker = await startWorker();
    await aws.sendJob(job);
    const before = await get(worker, '/health');
    expect(before.status).toBe(503);
    expect(before.body).toMatch(/unhealthy.*the whisper service returned 503/);
    expect(await aws.depth()).toMatchObject({ visible: 1 });
    model.healthy = true;
    await ended(job);
    await aws.emptied();
    expect(await get(worker, '/health')).toEqual({ status: 200, body: '{"status":"ok"}' });
    expect((await get(worker, '/metrics')).body).toMatch(/jobs_total\{outcome="succeeded"\} 1/);
  });

  it('stands by its commit when the answer to it is lost and the repeat is refused', async () => {
    const clients = aws.clients();
    let lost = 0;
    clients.documents.middlewareStack.add(
      (next) => async (args) => {
        const answer = await next(args);
        const commit = JSON.stringify(args.input).includes('results');
        if (commit && lost++ === 0)
          throw Object.assign(new Error('reset'), { code: 'ECONNRESET', name: 'TimeoutError' });
        return answer;
      },
      { step: 'deserialize', priority: 'low' },
    );
    const job = await aws.job();
    await startWorker({ clients });
    await aws.sendJob(job);
    await ended(job);
    await aws.emptied();
    expect(lost).toBe(2);
    const done = await row(job);
    expect((await aws.transcript(done)).segments).toHaveLength(6);
    await until(
      () => workers.lines.some(({ outcome }) => outcome === 'succeeded'),
      'it is reported as a success',
    );
  });

  it('announces a committed job when the event bus answers again, without working on it again', async () => {
    const clients = aws.clients();
    let refused = 0;
    clients.events.middlewareStack.add(
      (next) => async (args) => {
        if (refused++ < 2) throw new Error('the bus is down');
        return next(args);
      },
      { step: 'initialize' },
    );
    const job = await aws.job();
    await startWorker({ clients });
    await aws.sendJob(job);
    await ended(job);
    await aws.emptied();
    expect(refused).toBe(3);
    expect(model.requests).toHaveLength(1);
  });

  it('gives a job back that finds no room, says so, and takes nothing until there is', async () => {
    const job = await aws.job();
    const worker = await startWorker();
    const free = jest.spyOn(Scratch.prototype, 'free').mockResolvedValue(2);
    await aws.sendJob(job);
    await until(() => workers.lines.some(({ outcome }) => outcome === 'retried'), 'the job is given back');
    expect(await status(job)).toBe('queued');
    await until(() => readdirSync(workers.folders[0]!).length === 0, 'scratch is empty');
    await until(async () => (await get(worker, '/health')).status === 503, 'unhealthy');
    expect((await get(worker, '/health')).body).toContain('the scratch disk is full: a job needs 5 bytes');
    free.mockRestore();
    await ended(job);
    expect((await get(worker, '/health')).status).toBe(200);
  });

  it('begins again when the service refuses to go on from a checkpoint', async () => {
    model.script = (request, answer) =>
      request.start_at === undefined
        ? hearing(60, 1)(request, answer)
        : answer.refuse(400, {
            error: {
              code: 'invalid_request',
              message: 'start_at',
              type: 'invalid_request_error',
              param: 'start_at',
            },
          });
    const job = await aws.job();
    await aws.store.claim(job.id, 'other-message', Date.now() - 1, new Date());
    const kept: Checkpoint = { end: 70, segments: [segmentAt(0)], processing_seconds: 1 };
    await aws.put(KEY.checkpoint(job.id), JSON.stringify(kept));
    await startWorker();
    await aws.sendJob(job);
    await ended(job);
    expect(model.requests.map(({ start_at }) => start_at)).toEqual([70, undefined]);
    expect((await aws.transcript(await row(job))).segments).toHaveLength(6);
  });

  it.each([
    ['garbage', 'what is this'],
    [
      'segments out of order',
      JSON.stringify({ end: 20, segments: [segmentAt(10), segmentAt(0)], processing_seconds: 1 }),
    ],
    ['segments behind its end', JSON.stringify({ end: 5, segments: [segmentAt(10)], processing_seconds: 1 })],
    ['a time that is none', JSON.stringify({ end: -5, segments: [], processing_seconds: 1 })],
  ])('does not go on from a checkpoint with %s', async (_, content) => {
    const job = await aws.job();
    await aws.store.claim(job.id, 'other-message', Date.now() - 1, new Date());
    await aws.put(KEY.checkpoint(job.id), content);
    await startWorker();
    await aws.sendJob(job);
    await ended(job);
    expect(model.requests.map(({ start_at }) => start_at)).toEqual([undefined]);
    expect(JSON.stringify(workers.lines)).toContain('object cannot be used');
    expect(JSON.stringify(workers.lines)).not.toContain('what is this');
  });
});
