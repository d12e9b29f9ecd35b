import { readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { BOOK, speechView, TWO_CHAPTERS } from '../../support/speech-view';
import { FakeApi, receipt } from '../fake-api';
import { callCli, Folder } from '../run-cli';

let api: FakeApi;
let folder: Folder;
beforeEach(async () => {
  api = await new FakeApi().start();
  api.receipt = {
    ...receipt,
    ...{ measures: { character: 400 }, audio_seconds: 0, real_time_factor: 0, cost_per_audio_minute: null },
    cost_per_unit: { character: 5.5e-7 },
  };
  given({ 'speech.mp3': 'good morning, spoken' });
  folder = await Folder.with({ 'talk.txt': 'good morning', 'book.epub': 'PK' });
});
afterEach(async () => {
  await api.stop();
  await folder.remove();
});

function given(files: Record<string, string>, change = {}) {
  api.speech = speechView(files, change);
  for (const [name, content] of Object.entries(files)) api.vectors.set(name, content);
}
const at = (...names: string[]) => join(folder.path, ...names);
const run = (file: string, task = 'speech', ...more: string[]) =>
  callCli(['run', at(file), '--task', task, ...more], api.env);
const CHAPTERS = 'speech={"chapters":true}';

test('writes the speech of a text as one file beside it', async () => {
  const { code, out, err } = await run('talk.txt');
  expect(code).toBe(0);
  expect(out).toBe(`${at('talk.speech.mp3')}\n`);
  expect(await readFile(at('talk.speech.mp3'), 'utf8')).toBe('good morning, spoken');
  expect(err).toContain(
    'talk.txt: 30 s of speech by default; 400 characters in 4 s, $0.00022 ($0.55 per million characters)',
  );
  expect(api.submitted).toMatchObject([{ tasks: { speech: {} }, media_type: 'text/plain' }]);
});

test('keeps a speech that is newer than its text, and refuses one that is older', async () => {
  await run('talk.txt');
  const again = await run('talk.txt');
  expect(again).toMatchObject({ code: 0, out: `${at('talk.speech.mp3')}\n` });
  expect(again.err).toContain('skipped, because its results exist');
  expect(api.submitted).toHaveLength(1);

  await writeFile(at('talk.txt'), 'good night');
  const later = new Date(Date.now() + 60_000);
  await utimes(at('talk.txt'), later, later);
  const refused = await run('talk.txt');
  expect(refused.code).toBe(1);
  expect(refused.err).toMatch(/file_exists: .*talk\.speech\.mp3 is older than .*talk\.txt\. .* --force/);
  api.vectors.set('speech.mp3', 'GOOD MORNING, SPOKEN');
  expect((await run('talk.txt', 'speech', '--force')).code).toBe(0);
  expect(await readFile(at('talk.speech.mp3'), 'utf8')).toBe('GOOD MORNING, SPOKEN');
});

test('looks for the format that the options ask for', async () => {
  await run('talk.txt');
  given({ 'speech.wav': 'uncompressed' });
  const { out } = await run('talk.txt', 'speech={"format":"wav"}');
  expect(out).toBe(`${at('talk.speech.wav')}\n`);
  expect((await run('talk.txt', 'speech={"format":"wav"}')).err).toContain('skipped');
});

test('writes the files of chapters into a folder, with a list of them', async () => {
  given(BOOK, { chapters: TWO_CHAPTERS, degraded: [{ stage: 'text', reason: '2 tables are not spoken' }] });
  const { code, out, err } = await run('book.epub', CHAPTERS);
  expect(code).toBe(0);
  expect(out).toBe(`${at('book.speech')}\n`);
  const names = ['.spotscribe-job', '_speech.json', ...Object.keys(BOOK)];
  expect((await readdir(at('book.speech'))).sort()).toEqual(names);
  expect(await readFile(at('book.speech', 'chapter-002.mp3'), 'utf8')).toBe('the second chapter');
  const list = JSON.parse(await readFile(at('book.speech', '_speech.json'), 'utf8')) as object;
  expect(list).toMatchObject({ chapters: TWO_CHAPTERS, voice: 'default' });
  expect(list).toHaveProperty('files.2', { name: 'speech.m4b', bytes: 13, seconds: 30 });
  expect(err).toContain('book.epub: 2 tables are not spoken\n');
  expect(err).toContain('book.epub: 30 s of speech by default, 2 chapters; 400 characters');
  expect(api.submitted[0]).toMatchObject({ media_type: 'application/epub+zip' });

  await rm(at('book.speech', 'chapter-001.mp3'));
  expect((await run('book.epub', CHAPTERS)).code).toBe(0);
  expect(api.made('GET', /speech\?file=/)).toBe(4);
  expect((await run('book.epub', CHAPTERS)).err).toContain('skipped');
});

test('does not take a file that arrived in part, and leaves no draft of it', async () => {
  const whole = api.vectors.get('speech.mp3')!;
  api.vectors.set('speech.mp3', whole.slice(0, 5));
  api.faults.push((request) => {
    if (!request.url!.includes('speech?file=')) return false;
    // The second try finds the whole file.
    if (api.made('GET', /^\/store\//) > 0) api.vectors.set('speech.mp3', whole);
    return false;
  });
  expect((await run('talk.txt')).code).toBe(0);
  expect(api.made('GET', /^\/store\//)).toBe(2);
  expect(await readFile(at('talk.speech.mp3'), 'utf8')).toBe(whole);
  expect((await folder.names()).sort()).toEqual(['book.epub', 'talk.speech.mp3', 'talk.txt']);
});

test.each(['../evil.mp3', 'speech.exe', '.spotscribe-job'])('refuses a file named %s', async (name) => {
  given({ [name]: 'x' });
  const { code, err } = await run('talk.txt');
  expect(code).toBe(1);
  expect(err).toContain(`The API named a file ${name}, which is not a file of such a result`);
  expect(api.made('GET', /file=/)).toBe(0);
});

test.each([
  ['notes.md', 'text/markdown'],
  ['page.ssml', 'application/ssml+xml'],
  ['NOVEL.EPUB', 'application/epub+zip'],
  ['data.csv', undefined],
])('sends %s with the media type %s', async (name, type) => {
  await folder.add(name, 'x');
  await run(name);
  expect(api.submitted[0]!.media_type).toBe(type);
});
