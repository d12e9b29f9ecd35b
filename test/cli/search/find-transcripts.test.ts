import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { findTranscripts } from '../../../cli/search/reading/find-transcripts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'spotscribe-find-'));
});
afterEach(() => rm(folder, { recursive: true }));

async function add(...paths: string[]) {
  for (const path of paths) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), '');
  }
}
const found = async () =>
  (await findTranscripts(folder)).recordings.map((files) =>
    files.map(({ path, format }) => `${path} ${format}`),
  );

test('formats of one recording belong together, the one that says most first', async () => {
  await add(
    'a/talk.txt',
    'a/talk.srt',
    'a/talk.vtt',
    'a/talk.diarized.json',
    'a/talk.verbose.json',
    'a/talk.json',
  );
  await add('talk.txt', 'a/talk.mp3.srt', 'NOTE.SRT', 'a/talk.mp3');
  expect(await found()).toEqual([
    ['NOTE.SRT srt'],
    [
      'a/talk.json json',
      'a/talk.verbose.json verbose_json',
      'a/talk.diarized.json diarized_json',
      'a/talk.vtt vtt',
      'a/talk.srt srt',
      'a/talk.txt txt',
    ],
    ['a/talk.mp3.srt srt'],
    ['talk.txt txt'],
  ]);
});

test('other results, hidden files and links are no transcripts', async () => {
  await add(
    'talk.analysis.json',
    'talk.chapters.json',
    'talk.result.txt',
    '.spotscribe-results/talk.srt.json',
    '.hidden.txt',
    'in/a.txt',
  );
  const outside = await mkdtemp(join(tmpdir(), 'spotscribe-outside-'));
  try {
    await writeFile(join(outside, 'secret.txt'), 'secret');
    await symlink(outside, join(folder, 'outside'));
    await symlink(join(outside, 'secret.txt'), join(folder, 'link.txt'));
    await symlink(folder, join(folder, 'in/loop'));
    expect(await found()).toEqual([['in/a.txt txt']]);
  } finally {
    await rm(outside, { recursive: true });
  }
});

test('a folder that is gone is reported', async () => {
  expect(await findTranscripts(join(folder, 'none'))).toEqual({
    recordings: [],
    unreadable: [{ path: '', reason: expect.stringContaining('ENOENT') }],
  });
});
