import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import type { ServerResponse } from 'node:http';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { until } from '../../until';
import { FakeApi, type Fault, receipt, understood } from '../fake-api';
import { Folder, runCli, startCli } from '../run-cli';

let api: FakeApi;
let folder: Folder;
const read = (name: string) => readFile(join(folder.path, name), 'utf8');

beforeEach(async () => {
  api = await new FakeApi().start();
  folder = await Folder.with({ 'talk.mp3': 'good morning' });
});
afterEach(async () => {
  await api.stop();
  await folder.remove();
});

test('uploads a file, waits for its job and writes the results next to it', async () => {
  api.stepwise = true;
  const { code, out, err } = await runCli(['transcribe', 'talk.mp3'], api.env, folder.path);
  expect({ code, err }).toMatchObject({ code: 0 });
  expect(await read('talk.txt')).toBe('good morning\n');
  expect(await read('talk.srt')).toBe('1\n00:00:00,000 --> 00:00:01,500\ngood morning\n');
  expect(out).toBe(`${join(folder.path, 'talk.srt')}\n${join(folder.path, 'talk.txt')}\n`);
  expect(err).toMatch(/talk\.mp3: reading\n.*uploading 12 B\n.*arriving\n.*transcribing\n.*saving\n/);
  expect(err).toContain('1:00 of audio in 4 s (15.0× real time), $0.00022');
  expect(await folder.names()).toEqual(['talk.mp3', 'talk.srt', 'talk.txt']);
});

test('submits bulk jobs, and finds them again without --bulk', async () => {
  await runCli(['transcribe', 'talk.mp3', '--bulk'], api.env, folder.path);
  await runCli(['transcribe', 'talk.mp3', '--force'], api.env, folder.path);
  expect(api.submitted.map(({ priority }) => priority)).toEqual(['bulk', undefined]);
  expect(api.jobs.size).toBe(1);
  const [id = ''] = api.jobs.keys();
  expect((await runCli(['jobs', 'show', id], api.env, folder.path)).out).toMatch(/^priority +bulk$/m);
});

test('uploads no more files at once than it was told to, and all in the end', async () => {
  const names = ['a.mp3', 'b.mp3', 'c.mp3', 'd.mp3', 'e.mp3'];
  for (const name of names) await folder.add(name, name);
  const held: ServerResponse[] = [];
  const hold: Fault = ({ method }, response) => method === 'PUT' && held.push(response) > 0;
  api.faults.push(hold, hold);
  const run = startCli(['transcribe', ...names, '--concurrency', '2'], api.env, folder.path);
  await until(() => held.length === 2);
  await sleep(200);
  expect(api.made('POST', /\/v1\/jobs$/)).toBe(2);
  for (const response of held) response.writeHead(503).end();
  expect((await run.ended).code).toBe(0);
  expect(api.jobs.size).toBe(5);
});

test('writes the transcript while the analysis is running, then the analysis', async () => {
  api.understands = true;
  let readable = '';
  api.onUnderstanding = async () => {
    readable = await read('talk.txt');
    expect(await folder.names()).not.toContain('talk.analysis.json');
  };
  const { code, out, err } = await runCli(['transcribe', 'talk.mp3', '--json'], api.env, folder.path);
  expect({ code, err }).toMatchObject({ code: 0 });
  expect(readable).toBe('good morning\n');
  expect(JSON.parse(await read('talk.analysis.json'))).toEqual(understood);
  const names = ['talk.srt', 'talk.txt', 'talk.analysis.json'];
  const outputs = names.map((name) => join(folder.path, name));
  expect(JSON.parse(out.split('\n')[0] ?? '')).toMatchObject({ status: 'done', outputs });
  expect(err).toMatch(/talk\.mp3: understanding\n/);
  expect(api.made('GET', /transcript/)).toBe(2);
});

test.each([true, false])('says that a job waits for the model, with an analysis: %p', async (understands) => {
  Object.assign(api, { understands, busy: true, stepwise: true });
  const { err } = await runCli(['transcribe', 'talk.mp3'], api.env, folder.path);
  expect(err).toMatch(/talk\.mp3: waiting\n/);
  expect(err).not.toMatch(/transcribing|understanding/);
});

test('continues after an interruption with a transcript but no analysis', async () => {
  api.understands = true;
  const first = startCli(['transcribe', 'talk.mp3'], api.env, folder.path);
  api.onUnderstanding = async () => {
    first.child.kill('SIGINT');
    await first.ended;
  };
  expect((await first.ended).code).toBe(130);
  expect(await folder.names()).toEqual(['talk.mp3', 'talk.srt', 'talk.txt']);
  api.onUnderstanding = () => undefined;
  const second = await runCli(['transcribe', 'talk.mp3'], api.env, folder.path);
  expect({ code: second.code, err: second.err }).toMatchObject({ code: 0 });
  expect(JSON.parse(await read('talk.analysis.json'))).toEqual(understood);
  expect(api.jobs.size).toBe(1);
  expect((await runCli(['transcribe', 'talk.mp3'], api.env, folder.path)).err).toContain('has its results');
});

test('writes the chapters next to the analysis if they are requested', async () => {
  api.understands = true;
  const args = ['transcribe', 'talk.mp3', '--tasks', 'chapters,summary'];
  expect((await runCli(args, api.env, folder.path)).code).toBe(0);
  const { chapters } = JSON.parse(await read('talk.chapters.json'));
  expect(chapters[0]).toEqual({ startTime: 0, endTime: 500, title: 'When to release' });
  expect(await folder.names()).toContain('talk.analysis.json');
  expect((await runCli(args, api.env, folder.path)).err).toContain('has its results');
});

test('writes no chapters if they are not requested, or if the analysis has none', async () => {
  api.understands = true;
  expect((await runCli(['transcribe', 'talk.mp3'], api.env, folder.path)).code).toBe(0);
  api.understanding = { ...understood, chapters: undefined };
  const args = ['transcribe', 'talk.mp3', '--tasks', 'chapters', '--out', 'other'];
  expect((await runCli(args, api.env, folder.path)).code).toBe(0);
  expect(await folder.names()).not.toContain('talk.chapters.json');
  expect(existsSync(join(folder.path, 'other/talk.analysis.json'))).toBe(true);
  expect(existsSync(join(folder.path, 'other/talk.chapters.json'))).toBe(false);
});

test('writes no analysis with --no-analysis', async () => {
  api.understands = true;
  expect((await runCli(['transcribe', 'talk.mp3', '--no-analysis'], api.env, folder.path)).code).toBe(0);
  expect(await folder.names()).toEqual(['talk.mp3', 'talk.srt', 'talk.txt']);
});

test('writes the requested formats to the requested folder, which it creates', async () => {
  const args = ['transcribe', 'talk.mp3', '--out', 'a/b', '--format', 'vtt,json', '--language', 'en'];
  expect((await runCli(args, api.env, folder.path)).code).toBe(0);
  expect(await read('a/b/talk.vtt')).toMatch(/^WEBVTT/);
  expect(JSON.parse(await read('a/b/talk.json'))).toMatchObject({ text: 'good morning' });
  expect([...api.jobs.values()][0]?.view).toMatchObject({ name: 'talk.mp3', options: { language: 'en' } });
});

test('writes the formats of OpenAI’s API to files with matching extensions', async () => {
  const args = ['transcribe', 'talk.mp3', '--format', 'text,verbose_json,diarized_json,txt'];
  expect((await runCli(args, api.env, folder.path)).code).toBe(0);
  expect(await folder.names()).toEqual(['talk.diarized.json', 'talk.mp3', 'talk.txt', 'talk.verbose.json']);
  expect(JSON.parse(await read('talk.verbose.json'))).toMatchObject({
    language: 'english',
    task: 'transcribe',
  });
  expect(JSON.parse(await read('talk.diarized.json')).segments[0]).toMatchObject({ speaker: 'unknown' });
});

test('prints JSON lines: one for each file when it ends, then a summary', async () => {
  await folder.add('bad.mp3', 'noise');
  api.failing.set('noise', { code: 'bad_audio', message: 'There is no audio in it' });
  const { code, out } = await runCli(['transcribe', 'talk.mp3', 'bad.mp3', '--json'], api.env, folder.path);
  const lines = out
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
  expect(code).toBe(1);
  expect(lines.slice(0, 2)).toEqual(
    expect.arrayContaining([
      expect.objectContaining({ type: 'file', file: 'talk.mp3', status: 'done', receipt }),
      expect.objectContaining({
        file: 'bad.mp3',
        status: 'failed',
        outputs: [],
        error: { code: 'bad_audio', message: 'There is no audio in it' },
      }),
    ]),
  );
  expect(lines[2]).toMatchObject({
    type: 'summary',
    files: 2,
    done: 1,
    failed: 1,
    skipped: 0,
    unfinished: 0,
  });
});

test('reports failed files with the reason, and transcribes the others', async () => {
  await folder.add('bad.mp3', 'noise');
  await folder.add('empty.mp3', '');
  api.failing.set('noise', { code: 'bad_audio', message: 'There is no audio in it' });
  const args = ['transcribe', 'bad.mp3', 'empty.mp3', 'talk.mp3'];
  const { code, err } = await runCli(args, api.env, folder.path);
  expect(code).toBe(1);
  expect(err).toContain('✗ bad.mp3  bad_audio: There is no audio in it');
  expect(err).toContain('✗ empty.mp3  bad_audio: empty.mp3 is empty');
  expect(err).toContain('1 done · 2 failed · 1:00 of audio · $0.00022');
  expect(await read('talk.txt')).toBe('good morning\n');
});

test('skips a file that has its results, unless forced', async () => {
  await runCli(['transcribe', 'talk.mp3'], api.env, folder.path);
  const again = await runCli(['transcribe', 'talk.mp3'], api.env, folder.path);
  expect(again).toMatchObject({ code: 0, out: '' });
  expect(again.err).toContain('talk.mp3  has its results');
  const transcripts = api.made('GET', /transcript/);
  expect((await runCli(['transcribe', 'talk.mp3', '--force'], api.env, folder.path)).code).toBe(0);
  expect(api.made('GET', /transcript/)).toBe(transcripts + 2);
  // Forced results come from the job that is already paid.
  expect(api.made('PUT', /store/)).toBe(1);
  expect(api.jobs.size).toBe(1);
});

test('writes only what is missing', async () => {
  await runCli(['transcribe', 'talk.mp3', '--format', 'srt'], api.env, folder.path);
  const { out } = await runCli(['transcribe', 'talk.mp3'], api.env, folder.path);
  expect(out).toBe(`${join(folder.path, 'talk.txt')}\n`);
  expect(api.jobs.size).toBe(1);
});

test('fetches large transcripts from the store without sending the key', async () => {
  api.redirect = true;
  const { code } = await runCli(['transcribe', 'talk.mp3', '--format', 'json'], api.env, folder.path);
  expect(code).toBe(0);
  expect(JSON.parse(await read('talk.json'))).toMatchObject({ text: 'stored' });
});

test('creates a new job with --new', async () => {
  await runCli(['transcribe', 'talk.mp3'], api.env, folder.path);
  await runCli(['transcribe', 'talk.mp3', '--new'], api.env, folder.path);
  expect(api.jobs.size).toBe(2);
});

test('transcribes the audio in folders, each file once, and mirrors the folders in --out', async () => {
  const { mkdir } = await import('node:fs/promises');
  await mkdir(join(folder.path, 'in/deep'), { recursive: true });
  await folder.add('in/a.mp3', 'one');
  await folder.add('in/deep/a.wav', 'two');
  await folder.add('in/notes.pdf', 'no audio');
  const args = ['transcribe', 'in', 'in/a.mp3', '--recursive', '--out', 'out', '--format', 'txt'];
  expect((await runCli(args, api.env, folder.path)).code).toBe(0);
  expect(await read('out/a.txt')).toBe('one\n');
  expect(await read('out/deep/a.txt')).toBe('two\n');
  expect(api.jobs.size).toBe(2);
});

test('stops waiting for a file after --timeout, and reports that its job continues', async () => {
  api.held = true;
  const { code, err } = await runCli(['transcribe', 'talk.mp3', '--timeout', '1.5s'], api.env, folder.path);
  expect(code).toBe(1);
  expect(err).toContain('timeout: talk.mp3 was not done after 1.5 s. Its job continues');
});
