import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { FakeApi } from '../fake-api';
import { Folder, runCli, startCli } from '../run-cli';

let api: FakeApi;
let folder: Folder;

beforeEach(async () => {
  api = await new FakeApi().start();
  folder = await Folder.with({ 'talk.mp3': 'good morning' });
});
afterEach(async () => {
  await api.stop();
  await folder.remove();
});

test.each([
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const)('ends on %s with %i, and the next run takes up the same job', async (signal, exitCode) => {
  api.held = true;
  const first = startCli(['transcribe', 'talk.mp3'], api.env, folder.path);
  await first.says(/queued/);
  first.child.kill(signal);
  const { code, err } = await first.ended;
  expect(code).toBe(exitCode);
  expect(err).toContain('1 of 1 not finished: run the same command again to continue');
  expect(await folder.names()).toEqual(['talk.mp3']);
  api.held = false;
  expect((await runCli(['transcribe', 'talk.mp3'], api.env, folder.path)).code).toBe(0);
  expect(api.jobs.size).toBe(1);
  expect(api.made('PUT', /store/)).toBe(1);
});

test('continues with 100 files after it was killed, and pays for none twice', async () => {
  const names = Array.from({ length: 100 }, (_, index) => `talk ${index}.mp3`);
  for (const name of names) await folder.add(name, `this is ${name}`);
  const args = ['transcribe', ...names, '--format', 'txt', '--concurrency', '16'];
  // The first run writes some results and is then killed.
  api.transcriptsLeft = 60;
  const first = startCli(args, api.env, folder.path);
  await first.says(/✓/, 25);
  first.child.kill('SIGKILL');
  await first.ended;
  api.transcriptsLeft = Infinity;
  const written = (await readdir(folder.path)).filter((name) => name.endsWith('.txt')).length;
  expect(written).toBeGreaterThanOrEqual(25);
  expect(written).toBeLessThan(100);
  const { code, err } = await runCli(args, api.env, folder.path);
  expect(code).toBe(0);
  const [, done, skipped] = /(\d+) done · (\d+) skipped/.exec(err)?.map(Number) ?? [];
  expect(done! + skipped!).toBe(100);
  // Some results were written before the run was killed.
  expect(skipped).toBeGreaterThanOrEqual(25);
  expect(skipped).toBeLessThanOrEqual(written);
  expect(api.jobs.size).toBe(100);
  expect(await readFile(join(folder.path, 'talk 99.txt'), 'utf8')).toBe('this is talk 99.mp3\n');
  expect((await readdir(folder.path)).filter((name) => name.endsWith('.txt'))).toHaveLength(100);
});

test.each([
  ['expired', undefined, 2],
  ['cancelled', undefined, 2],
  ['failed', { code: 'attempts_exhausted', message: 'five times' }, 2],
  ['failed', { code: 'audio_too_long', message: 'ten hours' }, 1],
] as const)('an earlier job that is %s (%j) leads to %i jobs in all', async (status, error, jobs) => {
  api.held = true;
  const first = startCli(['transcribe', 'talk.mp3'], api.env, folder.path);
  await first.says(/queued/);
  first.child.kill('SIGINT');
  await first.ended;
  for (const { view } of api.jobs.values()) Object.assign(view, { status, error });
  api.held = false;
  const { code } = await runCli(['transcribe', 'talk.mp3'], api.env, folder.path);
  expect(code).toBe(jobs === 2 ? 0 : 1);
  expect(api.jobs.size).toBe(jobs);
});

test('creates a new job if the earlier one was erased', async () => {
  await runCli(['transcribe', 'talk.mp3'], api.env, folder.path);
  api.jobs.clear();
  expect((await runCli(['transcribe', 'talk.mp3', '--force'], api.env, folder.path)).code).toBe(0);
  expect(api.jobs.size).toBe(1);
});

test('different options create a new job; the order of options does not matter', async () => {
  const run = (...options: string[]) =>
    runCli(['transcribe', 'talk.mp3', '--force', ...options], api.env, folder.path);
  await run();
  await run('--diarize', '--hotwords', 'Ölçer');
  await run('--hotwords', 'Ölçer', '--diarize');
  expect(api.jobs.size).toBe(2);
  await run('--diarize');
  await run('--diarize', '--no-speaker-cleanup');
  await run('--diarize', '--speakers', '2');
  await run('--diarize', '--max-speakers', '2');
  expect(api.jobs.size).toBe(6);
  await run('--translate');
  await run('--prompt', 'Ölçer');
  expect(api.jobs.size).toBe(8);
});

test('a different language, name or content creates a new job', async () => {
  await runCli(['transcribe', 'talk.mp3'], api.env, folder.path);
  await runCli(['transcribe', 'talk.mp3', '--force', '--language', 'de'], api.env, folder.path);
  await folder.add('copy.mp3', 'good morning');
  await runCli(['transcribe', 'copy.mp3'], api.env, folder.path);
  await folder.add('talk.mp3', 'good evening', -5);
  await runCli(['transcribe', 'talk.mp3'], api.env, folder.path);
  expect(api.jobs.size).toBe(4);
});
