import { existsSync } from 'node:fs';
import { readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { EmbeddingView } from '../../../core/contract/work/embedding';
import { until } from '../../until';
import { FakeApi, receipt } from '../fake-api';
import { callCli, Folder, startCli } from '../run-cli';

const NAMES = ['part-000001.jsonl', 'part-000002.jsonl', 'part-000003.jsonl', 'part-000004.jsonl'];
const tokens = {
  ...receipt,
  ...{ measures: { token: 4000 }, audio_seconds: 0, real_time_factor: 0, cost_per_audio_minute: null },
  cost_per_unit: { token: 5.5e-9 },
};

let api: FakeApi;
let folder: Folder;
beforeEach(async () => {
  api = await new FakeApi().start();
  api.receipt = tokens;
  for (const name of NAMES) api.vectors.set(name, `vectors of ${name}\n`);
  api.embedding = view();
  folder = await Folder.with({ 'corpus.jsonl': '"good morning"\n' });
});
afterEach(async () => {
  await api.stop();
  await folder.remove();
});

const view = (change: Partial<EmbeddingView> = {}): EmbeddingView => ({
  ...{ version: 1, engine: { name: 'minilm', model: 'all-MiniLM-L6-v2' }, dimensions: 384, format: 'jsonl' },
  ...{ rows: 8, failed_rows: 0, truncated_rows: 0, tokens: 4000, failures: [], degraded: [] },
  files: NAMES.map((name) => ({
    ...{ name, rows: 2, bytes: api.vectors.get(name)!.length },
    path: `/v1/jobs/job/embedding?file=${name}`,
  })),
  ...change,
});
const at = (...names: string[]) => join(folder.path, ...names);
const ARGS = ['--task', 'embedding'];
const run = (...args: string[]) => callCli(['run', at('corpus.jsonl'), ...args], api.env);
const fetched = () => api.made('GET', /embedding\?file=/);
const list = async () =>
  JSON.parse(await readFile(at('corpus.embedding', '_embedding.json'), 'utf8')) as object;

test('downloads all files into a folder, with a list of them', async () => {
  const { code, out, err } = await run(...ARGS);
  expect(code).toBe(0);
  expect(out).toBe(`${at('corpus.embedding')}\n`);
  expect((await readdir(at('corpus.embedding'))).sort()).toEqual([
    '.spotscribe-job',
    '_embedding.json',
    ...NAMES,
  ]);
  for (const name of NAMES)
    expect(await readFile(at('corpus.embedding', name), 'utf8')).toBe(`vectors of ${name}\n`);
  const files = view().files.map(({ name, rows, bytes }) => ({ name, rows, bytes }));
  expect(await list()).toEqual({ ...view(), files });
  expect(err).toContain('corpus.jsonl: 8 rows; 4000 tokens in 4 s, $0.00022 ($0.0055 per million tokens)');
  expect(api.submitted).toMatchObject([{ tasks: { embedding: {} }, media_type: 'application/jsonl' }]);
});

test('says which rows failed, without failing', async () => {
  const failures = Array.from({ length: 7 }, (_, index) => ({
    row: index + 1,
    reason: `bad\u001b[2J ${index}`,
  }));
  api.embedding = view({ failed_rows: 7, truncated_rows: 1, failures });
  const { code, err } = await run(...ARGS);
  expect(code).toBe(0);
  expect(err).toMatch(/corpus\.jsonl: row 1 failed: bad 0\n/);
  expect(err).toMatch(/row 5 failed: bad 4\n.*2 more rows failed: see _embedding\.json\n/);
  expect(err).not.toContain('row 6');
  expect(err).toContain('8 rows, 7 failed, 1 cut; 4000 tokens');
});

test('writes one line of JSON for each file, and failed rows on stderr', async () => {
  api.embedding = view({ failed_rows: 1, failures: [{ row: 3, reason: 'it is empty' }] });
  const { out, err } = await run(...ARGS, '--json');
  expect(
    out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as object),
  ).toMatchObject([
    { path: at('corpus.jsonl'), status: 'done', files: [at('corpus.embedding')], job: { receipt: tokens } },
  ]);
  expect(err).toContain('corpus.jsonl: row 3 failed: it is empty');
});

test('keeps a folder that is complete, without a job', async () => {
  await run(...ARGS);
  const again = await run(...ARGS);
  expect(again).toMatchObject({ code: 0, out: `${at('corpus.embedding')}\n` });
  expect(again.err).toContain('skipped, because its results exist');
  expect(api.submitted).toHaveLength(1);
});

test('continues an interrupted download with the files that are missing', async () => {
  api.vectorsLeft = 2;
  const { child, ended } = startCli(['run', at('corpus.jsonl'), ...ARGS], api.env);
  const parts = async () =>
    (await readdir(at('corpus.embedding')).catch(() => [])).filter((name) => name.startsWith('part-'));
  await until(async () => (await parts()).length === 2 && fetched() === 4, 'two files are there');
  child.kill('SIGINT');
  expect((await ended).code).toBe(130);
  expect(existsSync(at('corpus.embedding', '_embedding.json'))).toBe(false);

  api.vectorsLeft = Infinity;
  expect((await run(...ARGS)).code).toBe(0);
  expect(fetched()).toBe(6);
  expect(await parts()).toHaveLength(4);
  expect(api.jobs.size).toBe(1);
});

test('fetches again a file that was lost or cut', async () => {
  await run(...ARGS);
  await rm(at('corpus.embedding', NAMES[1]!));
  await writeFile(at('corpus.embedding', NAMES[2]!), 'cut');
  expect((await run(...ARGS)).code).toBe(0);
  expect(fetched()).toBe(6);
  expect(await readFile(at('corpus.embedding', NAMES[2]!), 'utf8')).toBe(`vectors of ${NAMES[2]}\n`);
});

test('does not take a file that arrived in part', async () => {
  api.embedding!.files[0]!.bytes += 1;
  const url = { retried: 0 };
  api.faults.push((request, response) => {
    if (!request.url!.startsWith(`/store/${NAMES[0]}`)) return false;
    url.retried++;
    api.vectors.set(NAMES[0]!, `${api.vectors.get(NAMES[0]!)}!`);
    response.end('cut');
    return true;
  });
  expect((await run(...ARGS)).code).toBe(0);
  expect(url.retried).toBe(1);
  expect(await readFile(at('corpus.embedding', NAMES[0]!), 'utf8')).toBe(`vectors of ${NAMES[0]}\n!`);
});

test('does not mix the files of two jobs, and removes those that the new job has not', async () => {
  await run(...ARGS);
  await writeFile(at('corpus.jsonl'), '"good night"\n');
  const later = new Date(Date.now() + 60_000);
  await utimes(at('corpus.jsonl'), later, later);
  const refused = await run(...ARGS);
  expect(refused.code).toBe(1);
  expect(refused.err).toMatch(
    /_embedding\.json is older than .*corpus\.jsonl\. Move .*corpus\.embedding, .* --force/,
  );

  // The same sizes, other vectors.
  for (const name of NAMES) api.vectors.set(name, `VECTORS of ${name}\n`);
  api.embedding = view({ files: view().files.slice(0, 2) });
  await writeFile(at('corpus.embedding', 'notes.txt'), 'mine');
  expect((await run(...ARGS, '--force')).code).toBe(0);
  expect(await readFile(at('corpus.embedding', NAMES[0]!), 'utf8')).toBe(`VECTORS of ${NAMES[0]}\n`);
  expect((await readdir(at('corpus.embedding'))).sort()).toEqual([
    ...['.spotscribe-job', '_embedding.json', 'notes.txt', NAMES[0], NAMES[1]],
  ]);
});

test('keeps a folder that it did not write', async () => {
  await folder.add('x', '');
  await callCli(['run', at('corpus.jsonl'), ...ARGS], api.env);
  await rm(at('corpus.embedding', '.spotscribe-job'));
  await rm(at('corpus.embedding', '_embedding.json'));
  const { code, err } = await run(...ARGS);
  expect(code).toBe(1);
  expect(err).toMatch(/file_exists: .*part-000001\.jsonl was not written by this command\. Move/);
});

test('refuses names that are paths to somewhere else', async () => {
  api.embedding = view({ files: [{ name: '../evil', rows: 1, bytes: 1, path: '' }] });
  const { code, err } = await run(...ARGS);
  expect(code).toBe(1);
  expect(err).toContain('The API named a file ../evil');
  expect(fetched()).toBe(0);
});

test.each([
  ['corpus.ndjson', 'application/jsonl'],
  ['corpus.PARQUET', 'application/vnd.apache.parquet'],
  ['corpus.txt', undefined],
])('sends %s with the media type %s', async (name, type) => {
  const path = await folder.add(name, 'x');
  await callCli(['run', path, ...ARGS], api.env);
  expect(api.submitted[0]!.media_type).toBe(type);
});

test('sends a guessed media type only to a deployment that takes it', async () => {
  api.tasks = { custom: {} };
  api.mediaTypes = ['text/plain'];
  expect((await run()).code).toBe(0);
  expect(api.submitted).toHaveLength(1);
  expect(api.submitted[0]).not.toHaveProperty('media_type');
  const refused = await run('--media-type', 'application/jsonl', '--force');
  expect(refused.code).toBe(1);
  expect(refused.err).toContain('unsupported_media_type');
});

test('refuses an empty corpus and a folder in plain words', async () => {
  const path = await folder.add('empty.jsonl', '');
  const empty = await callCli(['run', path, ...ARGS], api.env);
  expect(empty.err).toContain('invalid_request: ');
  expect(empty.err).not.toContain('audio');
  const { code, err } = await callCli(['run', folder.path, ...ARGS], api.env);
  expect(code).toBe(2);
  expect(err).toContain('is a folder: name the files in it');
});

test('"jobs" shows tokens and the options of the embedding', async () => {
  await run('--task', 'embedding={"column":"body"}');
  const [id] = [...api.jobs.keys()];
  const table = (await callCli(['jobs'], api.env)).out;
  expect(table).toMatch(/ succeeded .* 4000 tokens +\$0\.00022 +corpus\.jsonl\n/);
  const { out } = await callCli(['jobs', 'show', id!], api.env);
  expect(out).toMatch(/^column +body$/m);
  expect(out).toMatch(/^receipt +4000 tokens in 4 s, \$0\.00022 \(\$0\.0055 per million tokens\)$/m);
  expect(out).not.toMatch(/audio|per minute/);
});
