import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Embedding } from '../../../core/contract/work/embedding';
import type { JobRow } from '../../../core/contract/job';
import { KEY } from '../../../core/contract/keys';
import type { CorpusFormat } from '../../../core/contract/names';
import type { Checkpoint } from '../../../core/contract/work/transcript';
import { partKeys } from '../../../core/jobs/job-files';
import { KINDS } from '../../../cli/run/files-kinds';
import { JOB } from '../../../cli/run/result-folder';
import { until } from '../../support/model-server';
import { type ModelServiceProcess, startEmbeddings } from '../model-services';
import { WorkerAws } from './worker-aws';
import { WorkerProcesses } from './worker-processes';

const VISIBILITY = 5;
const ROWS = 400;
const ROWS_OF_PART = 20;
jest.setTimeout(600_000);

let aws: WorkerAws;
let service: ModelServiceProcess;
let workers: WorkerProcesses;

/** Texts that take the model a while. The line in the middle has none. */
const WORDS = 'the river runs below old bridges while traders weigh salt and wool for distant harbours'.split(
  ' ',
);
const textOf = (row: number) =>
  Array.from({ length: 90 }, (_, index) => WORDS[(row * 7 + index * (row % 5) + index) % WORDS.length]).join(
    ' ',
  );
const BAD_ROW = 201;
const CORPUS = Array.from({ length: ROWS }, (_, index) =>
  JSON.stringify(index + 1 === BAD_ROW ? { id: 'bad' } : { id: `r${index + 1}`, text: textOf(index + 1) }),
).join('\n');

beforeAll(async () => {
  [aws, workers, service] = await Promise.all([
    WorkerAws.start(),
    WorkerProcesses.prepare(),
    startEmbeddings(ROWS_OF_PART * 384 * 4),
  ]);
});
afterAll(async () => {
  await workers?.remove();
  await Promise.all([aws?.stop(), service?.stop()]);
});
beforeEach(() => aws.freshQueues(VISIBILITY));
afterEach(() => workers.reset());

const start = () =>
  workers.start(aws, [{ name: 'embeddings', url: service.url, tasks: ['embedding'] }], VISIBILITY, {
    SHARED_AUDIO: service.shared,
  });
async function submit(format: CorpusFormat = 'jsonl'): Promise<JobRow> {
  const job = await aws.job({}, CORPUS, {
    ...{ tasks: { embedding: { format } }, stages: { embedding: 'waiting' } },
  });
  await aws.sendJob(job);
  return job;
}
const partsOf = async ({ id }: JobRow, attempt: number) =>
  (await aws.keys(KEY.results(id, attempt))).filter((key) => key.includes('part-'));
const written = (job: JobRow, attempt: number, count: number) =>
  until(async () => (await partsOf(job, attempt)).length >= count, `${count} parts of attempt ${attempt}`);
const resultOf = async (job: JobRow) =>
  (await aws.read((await aws.row(job)).results!.embedding!)) as Embedding;

interface Row {
  row: number;
  id: string;
  embedding: number[];
}

/** The rows of a result from its files, in their order. */
async function rowsOf(job: JobRow): Promise<Row[]> {
  const texts = await Promise.all(partKeys(job.id, await resultOf(job)).map((key) => aws.text(key)));
  return texts.flatMap((text) =>
    text
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Row),
  );
}

/** Largest difference between the numbers of two vectors. */
const difference = (one: number[], other: number[]) =>
  Math.max(...one.map((value, index) => Math.abs(value - other[index]!)));

let whole: Row[];

describe('a worker with the embeddings service', () => {
  it('embeds a corpus in several parts', async () => {
    const job = await submit();
    await start();
    const done = await aws.ended(job);
    await aws.emptied();
    const result = await resultOf(job);
    expect(result).toMatchObject({
      ...{ engine: { name: 'minilm', model: 'all-MiniLM-L6-v2' }, dimensions: 384, format: 'jsonl' },
      ...{ rows: ROWS, failed_rows: 1, truncated_rows: 0 },
      failures: [{ row: BAD_ROW, reason: expect.stringContaining('text') }],
    });
    expect(result.files.length).toBeGreaterThan(10);
    expect(done.receipt!.measures).toEqual({ token: result.tokens });
    whole = await rowsOf(job);
    const expected = Array.from({ length: ROWS }, (_, index) => index + 1).filter((row) => row !== BAD_ROW);
    expect(whole.map(({ row }) => row)).toEqual(expected);
    expect(whole.map(({ id }) => id)).toEqual(expected.map((row) => `r${row}`));
    expect(new Set(whole.map(({ embedding }) => embedding.length))).toEqual(new Set([384]));
  });

  it('interrupted by SIGTERM and then killed, has the same rows and vectors, each once', async () => {
    const job = await submit();
    const first = await start();
    await written(job, 1, 3);
    expect(await workers.end(first, 'SIGTERM')).toBe(0);
    const { embedding: kept } = (await aws.read(KEY.checkpoint(job.id))) as Checkpoint;
    const ofFirst = await partsOf(job, 1);
    // What was written is in the checkpoint, and nothing else.
    expect(ofFirst).toEqual(partKeys(job.id, kept!));

    const second = await start();
    await written(job, 2, 3);
    await workers.end(second, 'SIGKILL');
    expect((await aws.row(job)).status).toBe('running');

    await start();
    const done = await aws.ended(job);
    await aws.emptied();
    expect(done.attempt).toBe(3);
    const result = await resultOf(job);
    expect(result).toMatchObject({ rows: ROWS, failed_rows: 1, failures: [{ row: BAD_ROW }] });
    expect(result.files.slice(0, ofFirst.length).map(({ attempt }) => attempt)).toEqual(ofFirst.map(() => 1));
    const rows = await rowsOf(job);
    expect(rows.map(({ row, id }) => [row, id])).toEqual(whole.map(({ row, id }) => [row, id]));
    // Other batches, so the last bits may differ.
    const most = Math.max(
      ...rows.map(({ embedding }, index) => difference(embedding, whole[index]!.embedding)),
    );
    expect(most).toBeLessThan(1e-5);
    expect(done.receipt!.measures).toEqual({ token: result.tokens });
    // Nothing is left of the attempts but what the result names.
    expect((await aws.keys(KEY.job(job.id))).sort()).toEqual(
      [KEY.input(job.id), done.results!.embedding!, ...partKeys(job.id, result)].sort(),
    );
  });

  it('starts again if another model made the earlier parts', async () => {
    const job = await submit();
    const first = await start();
    await written(job, 1, 2);
    expect(await workers.end(first, 'SIGTERM')).toBe(0);
    const checkpoint = (await aws.read(KEY.checkpoint(job.id))) as Checkpoint;
    const engine = { name: 'sentence-transformers', model: 'instructor-xl' };
    const other: Checkpoint = { ...checkpoint, embedding: { ...checkpoint.embedding!, engine } };
    await aws.put(KEY.checkpoint(job.id), JSON.stringify(other));

    await start();
    await aws.ended(job);
    await aws.emptied();
    const result = await resultOf(job);
    expect(result.engine.model).toBe('all-MiniLM-L6-v2');
    expect(new Set(result.files.map(({ attempt }) => attempt))).toEqual(new Set([2]));
    expect((await rowsOf(job)).map(({ row }) => row)).toEqual(whole.map(({ row }) => row));
    expect(await partsOf(job, 1)).toEqual([]);
    expect(workers.lines.join('\n')).toContain('checkpoint refused: starting again');
  });

  it('writes Parquet that pyarrow reads as one table, with the other files of "spotscribe run"', async () => {
    const job = await submit('parquet');
    const first = await start();
    await written(job, 1, 2);
    expect(await workers.end(first, 'SIGTERM')).toBe(0);
    await start();
    await aws.ended(job);
    const folder = mkdtempSync(join(tmpdir(), 'parquet-'));
    try {
      const keys = partKeys(job.id, await resultOf(job));
      for (const key of keys) writeFileSync(join(folder, key.split('/').at(-1)!), await aws.bytes(key));
      for (const name of [JOB, KINDS.embedding.list]) writeFileSync(join(folder, name), '{}');
      const script =
        'import json, sys, pyarrow.dataset as d; t = d.dataset(sys.argv[1], format="parquet").to_table(); ' +
        'print(json.dumps([t["row"].to_pylist(), t["id"].to_pylist(), t["embedding"][0].as_py()]))';
      const read = execFileSync(service.python, ['-c', script, folder], { encoding: 'utf8' });
      const [rows, ids, vector] = JSON.parse(read) as [number[], string[], number[]];
      expect(rows).toEqual(whole.map(({ row }) => row));
      expect(ids).toEqual(whole.map(({ id }) => id));
      expect(difference(vector, whole[0]!.embedding)).toBeLessThan(1e-5);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
