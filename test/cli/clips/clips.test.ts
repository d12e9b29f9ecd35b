import { execFileSync } from 'node:child_process';
import {
  copyFileSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import type { Analysis, Highlight } from '../../../core/contract/work/analysis';
import { claiming } from '../../support/evidence-text';
import { until } from '../../until';
import { FakeApi } from '../fake-api';
import { Folder, runCli, startCli } from '../run-cli';

/** Seconds of the media. */
const LENGTH = 60;
/** The brightness of the video tells the time: it grows by this each second. */
const BRIGHTNESS = 3;

const media = mkdtempSync(join(tmpdir(), 'spotscribe-media-'));
const [VIDEO, AUDIO] = [join(media, 'talk.mp4'), join(media, 'talk.flac')];
let folder: Folder;

const ffmpeg = (...args: string[]) => execFileSync('ffmpeg', ['-v', 'error', '-y', ...args]);

beforeAll(() => {
  const sound = ['-f', 'lavfi', '-i', `sine=f=440:r=16000:d=${LENGTH}`];
  const brightness = `lum='mod(T*${BRIGHTNESS}+20,256)':cb=128:cr=128`;
  const picture = ['-f', 'lavfi', '-i', `color=s=33x32:r=10:d=${LENGTH},format=yuv444p,geq=${brightness}`];
  const place = ['-metadata', 'location=+48.2+16.3/', '-metadata', 'title=All of it'];
  // One key frame in ten seconds, so that copied streams begin earlier than asked for.
  ffmpeg(
    ...picture,
    ...sound,
    ...place,
    '-c:v',
    'libx264',
    '-g',
    '100',
    '-sc_threshold',
    '0',
    '-c:a',
    'aac',
    VIDEO,
  );
  ffmpeg(...sound, AUDIO);
});
afterAll(() => rmSync(media, { recursive: true }));
beforeEach(async () => {
  folder = await Folder.with({});
});
afterEach(() => folder.remove());

const highlight = (title: string, start?: number, end?: number): Highlight => ({
  title,
  reason: 'It is.',
  evidence: [],
  start,
  end,
});
const analysis: Analysis = {
  ...claiming(),
  duration: LENGTH,
  highlights: [highlight('The joke', 31.5, 43.25), highlight('Who pays?', 3, 14), highlight('Never found')],
  chapters: [
    { title: 'One', evidence: [], start: 0, end: 20 },
    { title: 'Two', evidence: [], start: 20, end: 60 },
  ],
};

/** Copies media, writes an analysis next to it, and returns the path of the analysis. */
function given(source: string, name: string, content: Analysis = analysis): string {
  copyFileSync(source, join(folder.path, name));
  const path = join(folder.path, `${name.replace(/\.\w+$/, '')}.analysis.json`);
  writeFileSync(path, JSON.stringify(content));
  return path;
}

const run = (...args: string[]) => runCli(['clips', ...args], {}, folder.path);
const at = (name: string) => join(folder.path, name);
const clips = () =>
  readdirSync(folder.path)
    .filter((name) => /clip|chapter-|\.part/.test(name))
    .sort();

interface Probed {
  format: { duration: string; tags?: Record<string, string> };
  streams: { codec_type: string; codec_name: string }[];
}

const probed = (name: string) =>
  JSON.parse(
    execFileSync('ffprobe', [
      '-v',
      'error',
      '-show_format',
      '-show_streams',
      '-of',
      'json',
      `file:${at(name)}`,
    ]).toString(),
  ) as Probed;
const lengthOf = (name: string) => Number(probed(name).format.duration);

/** The second of the recording that the first frame of a clip shows. */
function firstSecond(name: string): number {
  const frame = ffmpeg('-i', `file:${at(name)}`, '-frames:v', '1', '-f', 'rawvideo', '-pix_fmt', 'gray', '-');
  // ffmpeg widens the range of brightness, 16 to 235, to that of a byte.
  return ((frame[100]! * 219) / 255 + 16 - 20) / BRIGHTNESS;
}

test('cuts the highlights out of a video at the exact frames, and nothing of its other metadata', async () => {
  given(VIDEO, 'talk.mp4');
  const { code, out, err } = await run('.');
  expect({ code, err }).toEqual({
    code: 0,
    err: '[1/2] 0:31 (12 s)  The joke\n[2/2] 0:03 (11 s)  Who pays?\n2 cut · 0 kept · 0 failed\n',
  });
  expect(clips()).toEqual(['talk-clip-01-the-joke.mp4', 'talk-clip-02-who-pays.mp4']);
  expect(out).toBe('talk-clip-01-the-joke.mp4\ntalk-clip-02-who-pays.mp4\n');
  const { streams, format } = probed('talk-clip-01-the-joke.mp4');
  expect(streams.map(({ codec_name }) => codec_name)).toEqual(['h264', 'aac']);
  expect(format.tags).toMatchObject({ title: 'The joke' });
  expect(JSON.stringify(format.tags)).not.toContain('48.2');
  expect(Number(format.duration)).toBeCloseTo(11.75, 0);
  expect(Math.abs(lengthOf('talk-clip-01-the-joke.mp4') - 11.75)).toBeLessThan(0.11);
  expect(Math.abs(firstSecond('talk-clip-01-the-joke.mp4') - 31.5)).toBeLessThan(0.4);
  expect(Math.abs(firstSecond('talk-clip-02-who-pays.mp4') - 3)).toBeLessThan(0.4);
});

test('copied streams begin at the key frame before the clip', async () => {
  given(VIDEO, 'talk.mp4');
  expect((await run('.', '--copy', '--top', '1')).code).toBe(0);
  expect(clips()).toEqual(['talk-clip-01-the-joke.mp4']);
  expect(Math.abs(firstSecond('talk-clip-01-the-joke.mp4') - 30)).toBeLessThan(0.4);
});

test('cuts chapters of a recording without video as MP3, or in the requested format', async () => {
  given(AUDIO, 'talk.flac');
  expect((await run('talk.analysis.json', '--chapters')).code).toBe(0);
  expect(clips()).toEqual(['talk-chapter-01-one.mp3', 'talk-chapter-02-two.mp3']);
  expect(Math.abs(lengthOf('talk-chapter-02-two.mp3') - 40)).toBeLessThan(0.11);
  expect((await run('.', '--format', 'wav', '--out', 'new/folder')).code).toBe(0);
  expect(lengthOf('new/folder/talk-clip-01-the-joke.wav')).toBeCloseTo(11.75, 2);
});

test.each(['m4a', 'opus', 'flac', 'mkv', 'mov', 'webm'])('writes %s', async (format) => {
  given(VIDEO, 'talk.mp4', { ...analysis, highlights: [highlight('A', 3, 4)] });
  expect(await run('.', '--format', format)).toMatchObject({ code: 0 });
  expect(Math.abs(lengthOf(`talk-clip-01-a.${format}`) - 1)).toBeLessThan(0.15);
});

test.each(['-x.mp4', 'it\'s "one"\n of $(two).mp4', 'concat:a|b.mp4'])(
  'takes any file name: %j',
  async (name) => {
    const path = basename(given(VIDEO, name));
    const { code, err } = await run('--top', '1', '--', path);
    expect({ code, err }).toMatchObject({ code: 0 });
    expect(clips()).toHaveLength(1);
    expect(clips()[0]).toMatch(/^[\w-]+-clip-01-the-joke\.mp4$/);
  },
);

test('titles cannot leave the folder, and control characters are no part of them', async () => {
  const titles = ['../../etc/passwd', 'a\u0000b\u001b[2Jc\nd', '…', 'Über die 蜂蜜', '-rf /'.repeat(100)];
  const highlights = titles.map((title, n) => highlight(title, n * 10, n * 10 + 1));
  given(AUDIO, 'talk.flac', { ...analysis, highlights });
  const { code, err } = await run('.');
  expect(code).toBe(0);
  expect(err).not.toContain('\u001b');
  expect(clips()).toEqual([
    'talk-clip-01-etc-passwd.mp3',
    'talk-clip-02-a-b-2jc-d.mp3',
    'talk-clip-03.mp3',
    'talk-clip-04-über-die-蜂蜜.mp3',
    expect.stringMatching(/^talk-clip-05-rf(-rf){20,40}\.mp3$/),
  ]);
  expect(probed('talk-clip-04-über-die-蜂蜜.mp3').format.tags?.title).toBe('Über die 蜂蜜');
});

test('clips that exist are kept, unless they are to be replaced', async () => {
  given(AUDIO, 'talk.flac');
  await writeFile(at('talk-clip-01-the-joke.mp3'), 'mine');
  const first = await run('.', '--json');
  const [one, two, summary] = first.out
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  expect(one).toMatchObject({ type: 'clip', number: 1, title: 'The joke', start: 31.5, status: 'exists' });
  expect(two).toMatchObject({ status: 'done', path: 'talk-clip-02-who-pays.mp3', reason: 'It is.' });
  expect(summary).toEqual({ type: 'summary', clips: 2, done: 1, exists: 1, failed: 0 });
  expect(readFileSync(at('talk-clip-01-the-joke.mp3'), 'utf8')).toBe('mine');
  const second = await run('.', '--force');
  expect(second.out.split('\n')).toHaveLength(3);
  expect(lengthOf('talk-clip-01-the-joke.mp3')).toBeCloseTo(11.75, 0);
});

test('a dry run shows the clips and writes nothing', async () => {
  given(AUDIO, 'talk.flac');
  const { code, out } = await run('.', '--dry-run', '--out', 'there');
  expect({ code, out }).toEqual({
    code: 0,
    out:
      '[1/2] 0:31 (12 s)  The joke\n  there/talk-clip-01-the-joke.mp3\n' +
      '[2/2] 0:03 (11 s)  Who pays?\n  there/talk-clip-02-who-pays.mp3\n',
  });
  expect(existsSync(at('there'))).toBe(false);
});

test('an interrupted run leaves no partial file, and the next one goes on', async () => {
  const long = join(media, 'long.mp4');
  const noise = ['-f', 'lavfi', '-i', 'testsrc2=s=640x360:r=30:d=60', '-f', 'lavfi', '-i', 'anoisesrc=d=60'];
  ffmpeg(...noise, '-c:v', 'libx264', '-preset', 'ultrafast', '-c:a', 'aac', long);
  const highlights = [highlight('Short', 0, 0.5), highlight('Long', 0, 59)];
  given(long, 'long.mp4', { ...analysis, highlights });
  const running = startCli(['clips', '.'], {}, folder.path);
  await running.says(/\[2\/2\]/);
  await until(() => clips().some((name) => name.endsWith('.part') && statSync(at(name)).size > 0));
  running.child.kill('SIGINT');
  const { code, err } = await running.ended;
  expect(code).toBe(130);
  expect(err).toContain('error: Interrupted');
  expect(clips()).toEqual(['long-clip-01-short.mp4']);
  expect((await run('.', '--dry-run')).code).toBe(0);
});

test('one clip that fails does not stop the others', async () => {
  const highlights = [highlight('Past the end', 100, 110), highlight('Here', 3, 4)];
  given(AUDIO, 'talk.flac', { ...analysis, highlights });
  const { code, err } = await run('.');
  expect(code).toBe(1);
  expect(err).toMatch(/failed: .*The clip starts at 100 s, but .*talk\.flac ends before/);
  expect(clips()).toEqual(['talk-clip-02-here.mp3']);
});

test('the sound track of the analysis is cut', async () => {
  const two = join(media, 'two.mkv');
  const sounds = ['anullsrc=d=60', 'sine=d=60'].flatMap((source) => ['-f', 'lavfi', '-i', source]);
  ffmpeg(...sounds, '-map', '0', '-map', '1', '-c:a', 'flac', two);
  given(two, 'two.mkv', { ...analysis, track: { number: 2, count: 2 } });
  expect((await run('.', '--top', '1', '--format', 'wav')).code).toBe(0);
  const samples = ffmpeg('-i', at('two-clip-01-the-joke.wav'), '-f', 's16le', '-');
  expect(samples.some((byte) => byte !== 0)).toBe(true);
});

test.each([
  [
    'no ffmpeg',
    { PATH: '/nonexistent' },
    /^error: ffmpeg was not found\. Install it, for example with "apt install ffmpeg"/m,
  ],
])('with %s it says how to get it', async (_, env, message) => {
  given(AUDIO, 'talk.flac');
  const { code, err } = await runCli(['clips', '.'], env, folder.path);
  expect(code).toBe(1);
  expect(err).toMatch(message);
});

test('an ffmpeg that is too old is refused', async () => {
  given(AUDIO, 'talk.flac');
  await mkdir(at('bin'));
  for (const name of ['ffmpeg', 'ffprobe'])
    await writeFile(at(`bin/${name}`), `#!/bin/sh\necho ${name} version 2.8.17-0ubuntu0.1\n`, {
      mode: 0o755,
    });
  const { code, err } = await runCli(['clips', '.'], { PATH: at('bin') }, folder.path);
  expect(code).toBe(1);
  expect(err).toContain('ffmpeg 2 is too old: version 4 or newer is required');
});

describe('recordings and analyses that cannot be cut', () => {
  test.each([
    ['an unknown target', ['nothing-here'], 2, /nothing-here is neither the id of a job nor a folder/, {}],
    [
      'a folder without an analysis',
      ['empty'],
      2,
      /empty has no file \*\.analysis\.json: transcribe with --tasks/,
      {},
    ],
    [
      'a recording that does not exist',
      ['.', '--media', 'gone.mp4'],
      2,
      /--media gone\.mp4 does not exist/,
      {},
    ],
    ['a file that is no analysis', ['talk.flac'], 1, /talk\.flac is not an analysis of Spotscribe/, {}],
    ['media that is none', ['.', '--media', 'talk.analysis.json'], 1, /ffprobe failed: /, {}],
    ['a format that does not exist', ['.', '--format', 'avi'], 2, /Allowed choices are mp4/, {}],
    [
      'an analysis without highlights',
      ['.'],
      1,
      /no highlights: transcribe with --tasks highlights/,
      { highlights: undefined },
    ],
    [
      'highlights without times',
      ['.'],
      1,
      /none of its highlights was found/,
      { highlights: [highlight('x')] },
    ],
  ])('%s is refused', async (_, args, expected, message, changes: object) => {
    given(AUDIO, 'talk.flac', { ...analysis, ...changes });
    await mkdir(at('empty'));
    const { code, err } = await run(...args);
    expect(err).toMatch(message);
    expect(code).toBe(expected);
    expect(clips()).toEqual([]);
  });

  test('an analysis with two possible recordings asks for one', async () => {
    given(VIDEO, 'talk.mp4');
    given(AUDIO, 'talk.flac');
    const { code, err } = await run('.');
    expect(code).toBe(2);
    expect(err).toMatch(/talk\.flac and talk\.mp4 may belong to talk\.analysis\.json: add --media <file>/);
    expect((await run('.', '--media', 'talk.flac', '--dry-run')).code).toBe(0);
  });

  test('a recording of another length is reported', async () => {
    given(AUDIO, 'talk.flac', { ...analysis, duration: 600 });
    expect((await run('.', '--dry-run')).err).toMatch(
      /talk\.flac is 1:00 long, but the analysis is of 10:00 of audio/,
    );
  });
});

describe('a job', () => {
  let api: FakeApi;
  beforeEach(async () => {
    api = await new FakeApi().start();
    api.understands = true;
    api.understanding = analysis;
  });
  afterEach(() => api.stop());

  test('is cut from the file that its results were made from', async () => {
    await mkdir(at('audio'));
    copyFileSync(AUDIO, at('audio/talk.flac'));
    const transcribed = await runCli(
      ['transcribe', 'audio/talk.flac', '--out', 'results', '--tasks', 'highlights'],
      api.env,
      folder.path,
    );
    expect(transcribed.code).toBe(0);
    const [id = ''] = api.jobs.keys();
    const results = at('results');
    const args = ['clips', id, '--top', '1'];
    const { code, err } = await runCli([...args, '--out', '.'], api.env, results);
    expect({ code, err }).toEqual({ code: 0, err: '[1/1] 0:31 (12 s)  The joke\n' });
    expect(existsSync(join(results, 'talk-clip-01-the-joke.mp3'))).toBe(true);
    // Offline, the record names the recording too.
    expect((await runCli(['clips', 'results'], {}, folder.path)).code).toBe(0);
    expect(readdirSync(at('audio'))).toContain('talk-clip-02-who-pays.mp3');
    writeFileSync(at('audio/talk.flac'), 'another');
    expect((await runCli(args, api.env, results)).err).toMatch(
      /talk\.flac, .* was changed since: add --media/,
    );
  });

  test('without a record needs the recording', async () => {
    const id = `job_${'0'.repeat(32)}`;
    const { code, err } = await runCli(['clips', id], api.env, folder.path);
    expect(code).toBe(2);
    expect(err).toMatch(/No result in this folder is of job .*: add --media <file>/);
    copyFileSync(AUDIO, at('talk.flac'));
    const unknown = await runCli(['clips', id, '--media', 'talk.flac'], api.env, folder.path);
    expect(unknown).toMatchObject({ code: 1, err: expect.stringContaining('There is no job') });
  });
});
