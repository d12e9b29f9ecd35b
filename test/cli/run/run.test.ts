import { readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { FakeApi } from '../fake-api';
import { callCli, Folder } from '../run-cli';

let api: FakeApi;
let folder: Folder;
beforeEach(async () => {
  api = await new FakeApi().start();
  folder = await Folder.with({ 'note.txt': 'good morning', 'other.txt': 'good evening' });
});
afterEach(async () => {
  await api.stop();
  await folder.remove();
});
const at = (name: string) => join(folder.path, name);
const run = (...args: string[]) => callCli(['run', ...args], api.env);
const custom = 'custom={"language":"en"}';

test('sends the tasks with their options, and writes each result beside its file', async () => {
  const { code, out } = await run(
    at('note.txt'),
    at('other.txt'),
    '--task',
    custom,
    '--media-type',
    'text/plain',
  );
  expect(code).toBe(0);
  expect(out.split('\n').sort()).toEqual(['', at('note.result.txt'), at('other.result.txt')]);
  expect(await readFile(at('note.result.txt'), 'utf8')).toBe('good morning');
  expect(api.submitted).toContainEqual({
    name: 'note.txt',
    size: 12,
    tasks: { custom: { language: 'en' } },
    media_type: 'text/plain',
  });
});

test('submits bulk jobs', async () => {
  expect((await run(at('note.txt'), '--task', 'custom', '--bulk')).code).toBe(0);
  expect(api.submitted).toMatchObject([{ priority: 'bulk' }]);
});

test('keeps results that are newer than their files, without a job', async () => {
  await run(at('note.txt'), '--task', 'custom');
  const again = await run(at('note.txt'), '--task', 'custom');
  expect(again).toMatchObject({ code: 0, out: `${at('note.result.txt')}\n` });
  expect(again.err).toContain('note.txt: skipped, because its results exist');
  expect(api.submitted).toHaveLength(1);
});

test('writes a missing result of a job that was done before, which is not paid again', async () => {
  await run(at('note.txt'), '--task', 'custom');
  await rm(at('note.result.txt'));
  expect((await run(at('note.txt'), '--task', 'custom')).code).toBe(0);
  expect(await readFile(at('note.result.txt'), 'utf8')).toBe('good morning');
  expect(api.jobs.size).toBe(1);
});

test('replaces results only on request, and never takes one of an older file for its own', async () => {
  await run(at('note.txt'), '--task', 'custom');
  await writeFile(at('note.txt'), 'good night');
  const later = new Date(Date.now() + 60_000);
  await utimes(at('note.txt'), later, later);
  const refused = await run(at('note.txt'), '--task', 'custom');
  expect(refused.code).toBe(1);
  expect(refused.err).toMatch(/note\.result\.txt is older than .*note\.txt\. .* add --force/);
  expect((await run(at('note.txt'), '--task', 'custom', '--force')).code).toBe(0);
  expect(await readFile(at('note.result.txt'), 'utf8')).toBe('good night');
});

test('refuses files whose results would have the same names', async () => {
  await writeFile(at('note.md'), 'good noon');
  const { code, err } = await run(at('note.txt'), at('note.md'), '--task', 'custom');
  expect(code).toBe(2);
  expect(err).toMatch(/The results of .*note\.txt and .*note\.md would have the same names/);
  expect(api.submitted).toHaveLength(0);
});

test('writes results into another folder, which it creates', async () => {
  expect((await run(at('note.txt'), '--task', 'custom', '--out', at('results/new'))).code).toBe(0);
  expect(await readFile(at('results/new/note.result.txt'), 'utf8')).toBe('good morning');
});

test('reports each file as JSON, and continues after a failure', async () => {
  api.failing.set('good morning', { code: 'invalid_request', message: 'no verb' });
  const { code, out } = await run(at('note.txt'), at('other.txt'), '--task', 'custom', '--json');
  expect(code).toBe(1);
  const lines = out
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { path: string });
  expect(lines.sort((one, other) => one.path.localeCompare(other.path))).toMatchObject([
    { path: at('note.txt'), status: 'failed', error: { code: 'invalid_request', message: 'no verb' } },
    { path: at('other.txt'), status: 'done', files: [at('other.result.txt')] },
  ]);
});

test.each([
  ['horoscope', '"horoscope" is not one of transcription, analysis, embedding, speech, custom'],
  ['custom={', 'must be a JSON object; got {'],
  ['custom=[1]', 'must be a JSON object; got [1]'],
])('refuses the task %s', async (task, message) => {
  const { code, err } = await run(at('note.txt'), '--task', task);
  expect(code).toBe(2);
  expect(err).toContain(message);
  expect(api.made('POST', /./)).toBe(0);
});
