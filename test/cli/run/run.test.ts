import { readFile } from 'node:fs/promises';
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

test('finds the job of an earlier run, and replaces a result only on request', async () => {
  await run(at('note.txt'), '--task', 'custom');
  const again = await run(at('note.txt'), '--task', 'custom');
  expect(again.code).toBe(1);
  expect(again.err).toMatch(/note\.result\.txt exists\. .* add --force/);
  expect((await run(at('note.txt'), '--task', 'custom', '--force')).code).toBe(0);
  expect(api.jobs.size).toBe(1);
  expect((await run(at('note.txt'), '--task', custom, '--force')).code).toBe(0);
  expect(api.jobs.size).toBe(2);
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
    { path: at('other.txt'), status: 'done', written: [at('other.result.txt')] },
  ]);
});

test.each([
  ['horoscope', '"horoscope" is not one of transcription, analysis, custom'],
  ['custom={', 'must be a JSON object; got {'],
  ['custom=[1]', 'must be a JSON object; got [1]'],
])('refuses the task %s', async (task, message) => {
  const { code, err } = await run(at('note.txt'), '--task', task);
  expect(code).toBe(2);
  expect(err).toContain(message);
  expect(api.made('POST', /./)).toBe(0);
});
