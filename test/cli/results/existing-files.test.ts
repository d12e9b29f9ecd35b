import files, { mkdir, readFile, readlink, rename, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { recordPath, RECORDS_FOLDER } from '../../../cli/results/record';
import { FakeApi } from '../fake-api';
import { callCli, Folder } from '../run-cli';

let api: FakeApi;
let folder: Folder;
const at = (name: string) => join(folder.path, name);
const read = (name: string) => readFile(at(name), 'utf8');
/** Runs `transcribe` with files of the folder. */
const run = async (files: string[], ...options: string[]) => {
  const { code, out, err } = await callCli(
    ['transcribe', ...files.map(at), '--format', 'txt', '--json', ...options],
    api.env,
  );
  const lines = out
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Line);
  return { code, err, lines, of: (name: string) => lines.find(({ file }) => file === at(name)) };
};
interface Line {
  file?: string;
  status: string;
  outputs: string[];
  notes?: string[];
  error?: { code: string; message: string };
}
const uploads = () => api.made('PUT', /store/);

beforeEach(async () => {
  api = await new FakeApi().start();
  folder = await Folder.with({ 'talk.mp3': 'good morning', 'other.mp3': 'good evening' });
});
afterEach(async () => {
  jest.restoreAllMocks();
  await api.stop();
  await folder.remove();
});

describe('a file that Spotscribe did not write', () => {
  test.each([
    ['newer than the audio', 0],
    ['older than the audio', 7200],
  ])('is not a result and is not replaced, %s: nothing is sent for it', async (_, ageSeconds) => {
    await folder.add('talk.txt', 'my notes', ageSeconds);
    const { code, of, lines } = await run(['talk.mp3', 'other.mp3'], '--force');
    expect(code).toBe(1);
    expect(await read('talk.txt')).toBe('my notes');
    expect(of('talk.mp3')).toMatchObject({ status: 'failed', outputs: [], error: { code: 'file_exists' } });
    expect(of('talk.mp3')?.error?.message).toMatch(
      /talk\.txt already exists and was not written by Spotscribe: .*--out.*--overwrite.*--adopt/,
    );
    expect(of('other.mp3')).toMatchObject({ status: 'done' });
    expect(lines.at(-1)).toMatchObject({ type: 'summary', done: 1, failed: 1, skipped: 0 });
    expect(uploads()).toBe(1);
    expect(api.jobs.size).toBe(1);
  });

  test('is not a result if it appeared while a result was written', async () => {
    jest.spyOn(files, 'link').mockImplementationOnce(async (_, path) => {
      await writeFile(path, 'my notes');
      throw Object.assign(new Error('it is there'), { code: 'EEXIST' });
    });
    expect((await run(['talk.mp3'])).of('talk.mp3')).toMatchObject({ error: { code: 'file_exists' } });
    const { of } = await run(['talk.mp3']);
    expect(of('talk.mp3')).toMatchObject({ status: 'failed', error: { code: 'file_exists' } });
    expect(of('talk.mp3')?.error?.message).toMatch(/talk\.txt .*was not written by Spotscribe/);
    expect(await read('talk.txt')).toBe('my notes');
  });

  test('is not a result if an earlier write failed', async () => {
    const full = Object.assign(new Error('no space left on device'), { code: 'ENOSPC' });
    jest.spyOn(files, 'link').mockRejectedValueOnce(full);
    const rename = files.rename.bind(files);
    jest
      .spyOn(files, 'rename')
      .mockImplementation((from, to) => (to === at('talk.txt') ? Promise.reject(full) : rename(from, to)));
    expect((await run(['talk.mp3'])).of('talk.mp3')).toMatchObject({ error: { code: 'write_failed' } });
    jest.restoreAllMocks();
    await folder.add('talk.txt', 'my notes', 0);
    const { of } = await run(['talk.mp3']);
    expect(of('talk.mp3')).toMatchObject({ status: 'failed', error: { code: 'file_exists' } });
    expect(await read('talk.txt')).toBe('my notes');
  });

  test('is replaced with --overwrite, and is then a result', async () => {
    await folder.add('talk.txt', 'my notes', 0);
    expect((await run(['talk.mp3'], '--overwrite')).of('talk.mp3')).toMatchObject({ status: 'done' });
    expect(await read('talk.txt')).toBe('good morning\n');
    expect((await run(['talk.mp3'])).of('talk.mp3')).toMatchObject({ status: 'skipped' });
  });

  test('counts as a result with --adopt, if it is not older than the audio', async () => {
    await folder.add('talk.txt', 'my notes', 0);
    await folder.add('other.txt', 'older', 7200);
    const { code, of } = await run(['talk.mp3', 'other.mp3'], '--adopt');
    expect(of('talk.mp3')).toMatchObject({ status: 'skipped' });
    expect(of('other.mp3')).toMatchObject({ status: 'failed', error: { code: 'file_exists' } });
    expect(code).toBe(1);
    expect((await run(['talk.mp3'])).of('talk.mp3')).toMatchObject({ status: 'skipped' });
    expect(await read('talk.txt')).toBe('my notes');
    expect(uploads()).toBe(0);
  });

  test('does not hide a conflict of another format before anything is sent', async () => {
    await folder.add('talk.srt', 'my subtitles', 0);
    const { of } = await run(['talk.mp3'], '--format', 'txt,srt');
    expect(of('talk.mp3')?.error?.message).toContain('talk.srt');
    expect(await folder.names()).toEqual(['other.mp3', 'talk.mp3', 'talk.srt']);
    expect(uploads()).toBe(0);
  });

  test('is not replaced by an analysis', async () => {
    api.understands = true;
    await folder.add('talk.analysis.json', '{}', 0);
    const { of } = await run(['talk.mp3']);
    expect(of('talk.mp3')?.error?.message).toMatch(/talk\.analysis\.json .*--no-analysis/);
    expect(uploads()).toBe(0);
    expect((await run(['talk.mp3'], '--no-analysis')).of('talk.mp3')).toMatchObject({ status: 'done' });
    expect(await read('talk.analysis.json')).toBe('{}');
  });

  test('that appears while the job runs is kept, and the result is fetched later without a second job', async () => {
    api.faults.push((request, response) => {
      if (!/transcript/.test(request.url ?? '')) return false;
      // The file is created before the transcript is answered.
      void writeFile(at('talk.txt'), 'my notes').then(() => response.writeHead(503).end());
      return true;
    });
    const { code, of } = await run(['talk.mp3']);
    expect(code).toBe(1);
    expect(of('talk.mp3')).toMatchObject({ error: { code: 'file_exists' } });
    expect(await read('talk.txt')).toBe('my notes');
    await rm(at('talk.txt'));
    expect((await run(['talk.mp3'])).of('talk.mp3')).toMatchObject({ status: 'done' });
    expect(uploads()).toBe(1);
  });
});

describe('a result that Spotscribe wrote', () => {
  beforeEach(async () => void (await run(['talk.mp3'])));

  test('is replaced when the audio has changed', async () => {
    await folder.add('talk.mp3', 'good night', 60);
    expect((await run(['talk.mp3'])).of('talk.mp3')).toMatchObject({ status: 'done' });
    expect(await read('talk.txt')).toBe('good night\n');
  });

  test('is still a result when the folder is copied and all modification times change', async () => {
    for (const name of ['talk.mp3', 'talk.txt']) await utimes(at(name), new Date(), new Date());
    const moved = `${folder.path}-moved`;
    await rename(folder.path, moved);
    const { code, out } = await callCli(
      ['transcribe', join(moved, 'talk.mp3'), '--format', 'txt', '--json'],
      api.env,
    );
    await rename(moved, folder.path);
    expect(code).toBe(0);
    expect(JSON.parse(out.split('\n')[0] ?? '')).toMatchObject({ status: 'skipped' });
    expect(uploads()).toBe(1);
  });

  test('is kept and reported if the user has changed it', async () => {
    await folder.add('talk.txt', 'corrected by hand', 0);
    const { code, of } = await run(['talk.mp3']);
    expect(code).toBe(0);
    expect(of('talk.mp3')).toMatchObject({ status: 'skipped' });
    expect(of('talk.mp3')?.notes).toEqual([
      `${at('talk.txt')} was changed after Spotscribe wrote it; it is kept`,
    ]);
    const forced = await run(['talk.mp3'], '--force');
    expect(forced.code).toBe(1);
    expect(forced.of('talk.mp3')?.error?.message).toMatch(
      /was changed after Spotscribe wrote it.*--overwrite/,
    );
    await folder.add('talk.mp3', 'good night', 60);
    expect((await run(['talk.mp3'])).of('talk.mp3')).toMatchObject({ error: { code: 'file_exists' } });
    expect(await read('talk.txt')).toBe('corrected by hand');
    expect(uploads()).toBe(1);
    expect((await run(['talk.mp3'], '--overwrite')).code).toBe(0);
    expect(await read('talk.txt')).toBe('good night\n');
  });

  test('is kept and reported with other options, and written again with --force', async () => {
    const { of } = await run(['talk.mp3'], '--diarize');
    expect(of('talk.mp3')).toMatchObject({
      status: 'skipped',
      notes: [`${at('talk.txt')} was made with other options`],
    });
    expect((await run(['talk.mp3'], '--diarize', '--force')).of('talk.mp3')).toMatchObject({
      status: 'done',
    });
    expect((await run(['talk.mp3'], '--diarize')).of('talk.mp3')?.notes).toBeUndefined();
  });

  test.each([
    ['is gone', () => rm(at(RECORDS_FOLDER), { recursive: true }), /was not written by Spotscribe/],
    [
      'is broken',
      () => writeFile(at(`${RECORDS_FOLDER}/talk.txt.json`), '{"version": 1'),
      /its record in \.spotscribe-results cannot be read/,
    ],
    [
      'is of another version',
      () => writeFile(at(`${RECORDS_FOLDER}/talk.txt.json`), '{"version": 9}'),
      /its record in \.spotscribe-results cannot be read/,
    ],
  ])('belongs to the user if its record %s and no job proves it', async (_, damage, message) => {
    await damage();
    api.jobs.clear();
    await folder.add('talk.mp3', 'good night', 0);
    const { code, of } = await run(['talk.mp3']);
    expect(code).toBe(1);
    expect(of('talk.mp3')?.error?.message).toMatch(message);
    expect(await read('talk.txt')).toBe('good morning\n');
    expect(uploads()).toBe(1);
  });

  test('is recognised without a record by an equal job result: nothing is paid twice', async () => {
    await rm(at(RECORDS_FOLDER), { recursive: true });
    for (let index = 0; index < 150; index++) {
      const view = { ...[...api.jobs.values()][0]!.view, id: `job_${index}`, name: 'another.mp3' };
      api.jobs.set(view.id, { view });
    }
    const { code, of } = await run(['talk.mp3']);
    expect(code).toBe(0);
    expect(of('talk.mp3')).toMatchObject({ status: 'skipped' });
    expect(uploads()).toBe(1);
    // It has a record again, and is replaced when the audio changes.
    await folder.add('talk.mp3', 'good night', -5);
    expect((await run(['talk.mp3'])).of('talk.mp3')).toMatchObject({ status: 'done' });
    expect(await read('talk.txt')).toBe('good night\n');
  });
});

describe('names of results', () => {
  test('a recording keeps the names of its results when another one is added', async () => {
    await run(['talk.mp3']);
    await folder.add('talk.wav', 'good night');
    const { of } = await run(['talk.mp3', 'talk.wav']);
    expect(of('talk.mp3')).toMatchObject({ status: 'skipped', outputs: [at('talk.txt')] });
    expect(of('talk.wav')).toMatchObject({ status: 'done', outputs: [at('talk.wav.txt')] });
    expect((await run(['talk.wav'])).of('talk.wav')).toMatchObject({ status: 'skipped' });
    expect((await run(['talk.mp3'])).of('talk.mp3')).toMatchObject({ status: 'skipped' });
    expect(await read('talk.txt')).toBe('good morning\n');
    expect(await read('talk.wav.txt')).toBe('good night\n');
  });

  test('a recording does not adopt the result of another one', async () => {
    await run(['talk.mp3']);
    await folder.add('talk.wav', 'good night');
    expect((await run(['talk.wav'])).of('talk.wav')).toMatchObject({ outputs: [at('talk.wav.txt')] });
    expect(await read('talk.txt')).toBe('good morning\n');
  });

  test('recordings with the same name from two folders never share a result in --out', async () => {
    for (const each of ['x', 'y']) await mkdir(at(each));
    await folder.add('x/a.mp3', 'one');
    await folder.add('y/a.mp3', 'two');
    const both = await run(['x/a.mp3', 'y/a.mp3'], '--out', at('out'));
    expect(both.code).toBe(1);
    expect(both.of('x/a.mp3')).toMatchObject({ status: 'done', outputs: [at('out/a.txt')] });
    expect(both.of('y/a.mp3')?.error).toMatchObject({
      code: 'file_exists',
      message: expect.stringContaining('would both write'),
    });
    const later = await run(['y/a.mp3'], '--out', at('out'));
    expect(later.of('y/a.mp3')?.error?.message).toMatch(
      /is the result of another recording, \.\.\/x\/a\.mp3/,
    );
    expect(await read('out/a.txt')).toBe('one\n');
    expect(uploads()).toBe(1);
  });
});

describe('a path that cannot be written', () => {
  test('a folder with the name of a result is reported, with any option', async () => {
    await mkdir(at('talk.txt'));
    await folder.add('talk.txt/mine', 'mine');
    const { code, of } = await run(['talk.mp3', 'other.mp3'], '--overwrite');
    expect(code).toBe(1);
    expect(of('talk.mp3')?.error?.message).toMatch(/talk\.txt already exists and is not a file/);
    expect(of('other.mp3')).toMatchObject({ status: 'done' });
    expect(await read('talk.txt/mine')).toBe('mine');
  });

  test('neither a symbolic link nor its target is replaced', async () => {
    await folder.add('elsewhere', 'my notes');
    await symlink('elsewhere', at('talk.txt'));
    await symlink('nowhere', at('other.txt'));
    const { code, of } = await run(['talk.mp3', 'other.mp3']);
    expect(code).toBe(1);
    for (const name of ['talk.mp3', 'other.mp3'])
      expect(of(name)).toMatchObject({ error: { code: 'file_exists' } });
    expect(await read('elsewhere')).toBe('my notes');
    expect(await readlink(at('other.txt'))).toBe('nowhere');
  });

  test('a moved and linked result counts as a result, but is not replaced', async () => {
    await run(['talk.mp3']);
    await rename(at('talk.txt'), at('kept'));
    await symlink('kept', at('talk.txt'));
    expect((await run(['talk.mp3'])).of('talk.mp3')).toMatchObject({ status: 'skipped' });
    expect((await run(['talk.mp3'], '--force')).of('talk.mp3')?.error?.message).toMatch(/is a symbolic link/);
    expect(await read('kept')).toBe('good morning\n');
  });

  test('a file with the name of the records folder is reported before anything is sent', async () => {
    await folder.add(RECORDS_FOLDER, 'mine');
    const { code, of } = await run(['talk.mp3']);
    expect(code).toBe(1);
    expect(of('talk.mp3')?.error).toMatchObject({
      code: 'write_failed',
      message: expect.stringContaining(`records of results in ${at(RECORDS_FOLDER)}`),
    });
    expect(await read(RECORDS_FOLDER)).toBe('mine');
    expect(uploads()).toBe(0);
  });

  test('names of maximum length are written, and each format has its own record', async () => {
    const name = '語'.repeat(83);
    await folder.add(`${name}.mp3`, 'long');
    const result = async () => (await run([`${name}.mp3`], '--format', 'txt,srt')).of(`${name}.mp3`);
    expect(await result()).toMatchObject({ status: 'done' });
    expect(await result()).toMatchObject({ status: 'skipped' });
    const [txt, srt] = [recordPath(at(`${name}.txt`)), recordPath(at(`${name}.srt`))];
    expect(txt).not.toBe(srt);
    expect(Buffer.byteLength(basename(txt))).toBeLessThanOrEqual(255);
    expect(JSON.parse(await readFile(txt, 'utf8'))).toMatchObject({ format: 'txt' });
    expect(JSON.parse(await readFile(srt, 'utf8'))).toMatchObject({ format: 'srt' });
  });
});

test('two concurrent runs write each result, and both succeed', async () => {
  const names = Array.from({ length: 20 }, (_, index) => `${index}.mp3`);
  for (const name of names) await folder.add(name, `this is ${name}`);
  const both = await Promise.all([run(names), run(names)]);
  for (const { code, err } of both) expect({ code, err }).toMatchObject({ code: 0 });
  for (const name of names) expect(await read(`${name.slice(0, -4)}.txt`)).toBe(`this is ${name}\n`);
  const { lines } = await run(names);
  expect(lines.at(-1)).toMatchObject({ skipped: 20 });
  expect(api.jobs.size).toBe(20);
});
