import type { Embedding } from '../../../core/contract/work/embedding';
import type { JobRow } from '../../../core/contract/job';
import { KEY } from '../../../core/contract/keys';
import type { Checkpoint } from '../../../core/contract/work/transcript';
import { embedding, inBase64, linesOf, MINILM, totalsOf } from '../../support/embedding';
import { hearing, ModelServer, until } from '../../support/model-server';
import { eachTest } from './each-test';
import { addressOf, RunningWorkers, type RunOptions } from './running-worker';
import { failingPuts } from './s3-faults';
import type { WorkerAws } from './worker-aws';

const VISIBILITY = 3;
jest.setTimeout(60_000);

let aws: WorkerAws;
let model: ModelServer;
const workers = new RunningWorkers();

eachTest(VISIBILITY, workers, async (started) => {
  aws = started;
  model = await ModelServer.start(hearing(1, 1));
  model.embedder = embedding(4, 1);
  return [model];
});

const start = (options?: RunOptions) => workers.start(aws, { embeddings: model }, VISIBILITY, options);
const corpus = (change: Partial<JobRow> = {}) =>
  aws.job({}, '"a"\n', { tasks: { embedding: {} }, stages: { embedding: 'waiting' }, ...change });
async function submit(change?: Partial<JobRow>): Promise<JobRow> {
  const job = await corpus(change);
  await aws.sendJob(job);
  return job;
}
const resultOf = async (job: JobRow) =>
  (await aws.read((await aws.row(job)).results!.embedding!)) as Embedding;
const checkpointOf = async (job: JobRow) => (await aws.read(KEY.checkpoint(job.id))) as Checkpoint;
const part = (job: JobRow, attempt: number, number: number) => KEY.part(job.id, attempt, number, 'jsonl');
const result = (job: JobRow, attempt: number) => KEY.result(job.id, attempt, 'embedding');
const keys = (job: JobRow) => aws.keys(KEY.job(job.id));
const retried = () => workers.lines.some(({ outcome }) => outcome === 'retried');

/** The rows of a job's result, from its files, in their order. */
async function rowsOf(job: JobRow): Promise<number[]> {
  const { files } = await resultOf(job);
  const texts = await Promise.all(files.map(({ attempt }, index) => aws.text(part(job, attempt, index + 1))));
  return texts.flatMap((text) =>
    text
      .trimEnd()
      .split('\n')
      .map((line) => (JSON.parse(line) as { row: number }).row),
  );
}

/** An attempt that wrote two files and was killed. Only the first one is in its checkpoint. */
async function killed(job: JobRow): Promise<void> {
  await aws.store.claim(job.id, 'other-message', Date.now() - 1, new Date());
  await aws.put(part(job, 1, 1), linesOf(1, 2));
  await aws.put(part(job, 1, 2), linesOf(3, 2));
  const files = [{ attempt: 1, rows: 2, bytes: linesOf(1, 2).length }];
  const embedded = { ...MINILM, totals: totalsOf(2), files };
  const checkpoint: Checkpoint = { end: 0, segments: [], embedding: embedded, processing_seconds: 100 };
  await aws.put(KEY.checkpoint(job.id), JSON.stringify(checkpoint));
}

describe('a worker with an embeddings service', () => {
  it('stores each part as a file, and commits the list with a receipt in tokens', async () => {
    const job = await submit({ key_id: 'key_1', tasks: { embedding: { column: 'body' } } });
    const worker = await start();
    const done = await aws.ended(job);
    await aws.emptied();
    const metrics = await (await fetch(`${addressOf(worker)}/metrics`)).text();
    expect(metrics).toContain('spotscribe_worker_units_total{unit="token"} 24');
    expect(metrics).toContain('spotscribe_worker_real_time_factor_count 0');
    expect(model.corpora).toEqual([{ path: `${job.id}/input`, column: 'body' }]);
    expect(done).toMatchObject({
      progress: 1,
      stages: { embedding: 'succeeded' },
      results: { embedding: result(job, 1) },
      receipt: { measures: { token: 24 }, audio_seconds: 0, cost_per_audio_minute: null },
    });
    expect(done.receipt!.cost_per_unit!.token).toBeGreaterThan(0);
    const bytes = linesOf(1, 2).length;
    expect(await resultOf(job)).toEqual({
      ...{ version: 1, ...MINILM, ...totalsOf(8), degraded: [] },
      files: Array(4).fill({ attempt: 1, rows: 2, bytes }),
    });
    expect(await rowsOf(job)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    expect(await aws.contentType(part(job, 1, 1))).toBe('application/jsonl');
    expect(await keys(job)).toEqual([
      KEY.input(job.id),
      result(job, 1),
      ...[1, 2, 3, 4].map((number) => part(job, 1, number)),
    ]);
    expect(await aws.store.usage.used('key_1', new Date())).toEqual({ token: 24 });
  });

  it('has no file for a part without vectors', async () => {
    const failures = [{ row: 1, reason: 'it is empty' }];
    const totals = totalsOf(3, { failed_rows: 1, failures });
    model.embedder = (_, answer) => {
      const made = { ...MINILM, format: 'parquet' as const };
      const first = totalsOf(1, { failed_rows: 1, failures });
      answer.event({ type: 'started', ...made });
      answer.event({ type: 'part', rows: 0, data: '', totals: first, progress: 0.3 });
      answer.event({ type: 'part', rows: 2, data: inBase64('PAR1'), totals, progress: 1 });
      answer.event({ type: 'result', ...made, totals, degraded: [] });
    };
    const job = await submit();
    await start();
    await aws.ended(job);
    expect(await resultOf(job)).toMatchObject({
      ...{ rows: 3, failed_rows: 1, failures },
      files: [{ attempt: 1, rows: 2, bytes: 4 }],
    });
    const stored = KEY.part(job.id, 1, 1, 'parquet');
    expect([await aws.text(stored), await aws.contentType(stored)]).toEqual([
      'PAR1',
      'application/vnd.apache.parquet',
    ]);
  });

  it('refuses a result that lacks vectors, without blaming the corpus', async () => {
    model.embedder = (_, answer) => {
      answer.event({ type: 'started', ...MINILM });
      answer.event({ type: 'result', ...MINILM, totals: totalsOf(2), degraded: [] });
    };
    await submit();
    await start();
    await until(retried, 'another attempt');
    expect(JSON.stringify(workers.lines)).toContain('returned 0 vectors for 2 rows of which 0 failed');
  });

  it('fails a corpus that the service refuses, at once, and keeps nothing of it', async () => {
    const message = 'No row has a text in "text"';
    model.embedder = (_, answer) => {
      answer.event({ type: 'started', ...MINILM });
      answer.event({
        type: 'part',
        rows: 2,
        data: inBase64(linesOf(1, 2)),
        totals: totalsOf(2),
        progress: 0.1,
      });
      answer.event({ type: 'error', error: { code: 'invalid_request', message } });
    };
    const job = await submit();
    await start();
    expect(await aws.ended(job, 'failed')).toMatchObject({
      attempt: 1,
      error: { code: 'invalid_request', message },
    });
    await aws.emptied();
    expect(await keys(job)).toEqual([KEY.input(job.id)]);
  });

  it('reads no more from the service than it has stored', async () => {
    const data = inBase64('x'.repeat(4 << 20));
    let written = 0;
    model.embedder = async (_, answer) => {
      answer.event({ type: 'started', ...MINILM });
      for (let number = 1; number <= 5; number++) {
        answer.event({ type: 'part', rows: 1, data, totals: totalsOf(number), progress: number / 5 });
        await until(() => answer.gone || answer.response.writableLength === 0, 'the part is read', 30);
        written = number;
      }
      answer.event({ type: 'result', ...MINILM, totals: totalsOf(5), degraded: [] });
    };
    const clients = aws.clients();
    let release = () => undefined as void;
    const held = new Promise<void>((resolve) => (release = resolve));
    let holds = false;
    failingPuts(clients.s3, async (key) => {
      if (!key.endsWith('part-000001.jsonl')) return;
      holds = true;
      await held;
    });
    const job = await submit();
    await start({ clients, silenceMs: 300 });
    await until(() => holds, 'the first part is being stored');
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    // The first part was read. The second one waits, for longer than a service may be silent.
    expect(written).toBe(1);
    release();
    await aws.ended(job);
    expect((await aws.row(job)).attempt).toBe(1);
  });
});

describe('an interrupted embedding', () => {
  it('continues after the last stored part when the worker was told to stop', async () => {
    model.embedder = embedding(6, 150);
    const job = await submit();
    const worker = await start({ checkpointMs: 3_600_000 });
    await until(async () => (await keys(job)).includes(part(job, 1, 2)), 'two parts');
    await workers.stop(worker);
    const { embedding: kept } = await checkpointOf(job);
    const stored = kept!.files.length;
    expect(stored).toBeGreaterThanOrEqual(2);
    expect((await aws.row(job)).status).toBe('queued');

    await start();
    await aws.ended(job);
    await aws.emptied();
    expect(model.corpora[1]).toEqual({
      path: `${job.id}/input`,
      earlier: { ...MINILM, totals: totalsOf(stored * 2) },
    });
    expect((await resultOf(job)).files.map(({ attempt }) => attempt)).toEqual([
      ...Array<number>(stored).fill(1),
      ...Array<number>(6 - stored).fill(2),
    ]);
    expect(await rowsOf(job)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
    expect(await keys(job)).not.toContain(KEY.checkpoint(job.id));
  });

  it('continues after the last checkpoint of a killed worker, and erases what that does not name', async () => {
    const job = await corpus();
    await killed(job);
    await start();
    await aws.sendJob(job);
    const done = await aws.ended(job);
    await aws.emptied();
    expect(await rowsOf(job)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    expect(await keys(job)).toEqual([
      ...[KEY.input(job.id), part(job, 1, 1), result(job, 2)],
      ...[2, 3, 4].map((number) => part(job, 2, number)),
    ]);
    expect(done.receipt!.measures).toEqual({ token: 24 });
    expect(done.receipt!.processing_seconds).toBeGreaterThan(100);
  });

  it('starts again with another model, and keeps no file of the first one', async () => {
    const other = { ...MINILM, engine: { name: 'minilm', model: 'other' } };
    const again = embedding(4, 1, other);
    model.embedder = (request, answer) =>
      request.earlier === undefined
        ? again(request, answer)
        : answer.refuse(400, {
            error: { code: 'invalid_request', message: 'another model', type: 'x', param: 'earlier' },
          });
    const job = await corpus();
    await killed(job);
    await start();
    await aws.sendJob(job);
    await aws.ended(job);
    await aws.emptied();
    expect(model.corpora.map(({ earlier }) => earlier?.totals.rows)).toEqual([2, undefined]);
    expect(await resultOf(job)).toMatchObject({
      ...other,
      rows: 8,
      files: Array(4).fill({ attempt: 2, rows: 2 }),
    });
    expect(await keys(job)).toEqual([
      ...[KEY.input(job.id), result(job, 2)],
      ...[1, 2, 3, 4].map((number) => part(job, 2, number)),
    ]);
  });

  it('is tried again when S3 does not store a part', async () => {
    const clients = aws.clients();
    failingPuts(clients.s3, (key) => {
      if (key.endsWith('1/part-000003.jsonl')) throw new Error('S3 is away');
    });
    const job = await submit();
    await start({ clients });
    await aws.ended(job);
    expect(await aws.row(job)).toMatchObject({ attempt: 2 });
    expect(model.corpora.map(({ earlier }) => earlier?.totals.rows)).toEqual([undefined, 4]);
    expect(await rowsOf(job)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    expect(retried()).toBe(true);
  });
});

describe('an embedding that no longer belongs to the worker', () => {
  it('leaves nothing behind if its job was cancelled', async () => {
    model.embedder = embedding(1_000, 30);
    const job = await submit();
    await start();
    await until(async () => (await keys(job)).includes(part(job, 1, 3)), 'three parts');
    await aws.store.cancel(job.id, 'default', new Date());
    await aws.emptied();
    await until(() => model.abandoned === 1, 'the service is told');
    expect(await aws.versions(KEY.job(job.id))).toMatchObject([{ key: KEY.input(job.id) }]);
  });

  it('leaves the files of the last checkpoint to the new owner, and no others', async () => {
    let release = () => undefined as void;
    const held = new Promise<void>((resolve) => (release = resolve));
    model.embedder = async (_, answer) => {
      answer.event({ type: 'started', ...MINILM });
      for (let number = 1; number <= 3; number++) {
        if (number === 3) await held;
        // The first part is saved in a checkpoint. The others follow too soon.
        if (number === 1) await new Promise((resolve) => setTimeout(resolve, 1_500));
        const data = inBase64(linesOf(number * 2 - 1, 2));
        answer.event({ type: 'part', rows: 2, data, totals: totalsOf(number * 2), progress: number / 3 });
      }
      answer.event({ type: 'result', ...MINILM, totals: totalsOf(6), degraded: [] });
    };
    const job = await submit();
    // Its heartbeats come each 20 s only, so its claim can lapse below.
    await start({ visibility: 60, checkpointMs: 1_400 });
    await until(async () => (await keys(job)).includes(part(job, 1, 2)), 'two parts');
    const later = new Date(Date.now() + 120_000);
    await aws.store.claim(job.id, 'other-message', Date.now() + 60_000, later);
    release();
    await until(() => workers.lines.some(({ outcome }) => outcome === 'lost'), 'the first attempt gives up');
    expect(await keys(job)).toEqual([KEY.checkpoint(job.id), KEY.input(job.id), part(job, 1, 1)]);
    expect((await checkpointOf(job)).embedding?.files).toHaveLength(1);
  });

  it('does not harm the result of a worker that finished it meanwhile', async () => {
    let release = () => undefined as void;
    const held = new Promise<void>((resolve) => (release = resolve));
    model.embedder = async (request, answer) => {
      if (model.corpora.length > 1) return embedding(4, 1)(request, answer);
      answer.event({ type: 'started', ...MINILM });
      for (let number = 1; number <= 4; number++) {
        if (number === 4) await held;
        const data = inBase64(linesOf(number * 2 - 1, 2));
        answer.event({ type: 'part', rows: 2, data, totals: totalsOf(number * 2), progress: number / 4 });
      }
      answer.event({ type: 'result', ...MINILM, totals: totalsOf(8), degraded: [] });
    };
    const job = await submit();
    await start({ visibility: 60, checkpointMs: 0 });
    await until(
      async () => (await aws.row(job)).status === 'running' && (await keys(job)).includes(part(job, 1, 3)),
      'three parts',
    );
    // Another queue, so that the first worker does not receive the message itself.
    await aws.freshQueues(VISIBILITY);
    await aws.store.claim(job.id, 'other-message', Date.now() - 1, new Date(Date.now() + 120_000));
    const other = await ModelServer.start(hearing(1, 1));
    other.embedder = embedding(4, 1);
    try {
      await workers.start(aws, { embeddings: other }, VISIBILITY);
      await aws.sendJob(job);
      await aws.ended(job);
      release();
      await until(() => workers.lines.some(({ outcome }) => outcome === 'lost'), 'the first one gives up');
      expect(other.corpora[0]?.earlier?.totals.rows).toBe(6);
      expect(await rowsOf(job)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
      expect(await keys(job)).toEqual([
        ...[KEY.input(job.id), part(job, 1, 1), part(job, 1, 2), part(job, 1, 3)],
        ...[result(job, 3), part(job, 3, 4)],
      ]);
    } finally {
      await other.stop();
    }
  });
});
