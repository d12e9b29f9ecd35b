import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { recordingIn } from '../../../core/forms/data-url';
import { SubmittedOptions } from '../../../core/contract/work/options';
import { FakeApi } from '../fake-api';
import { callCli, Folder } from '../run-cli';

let api: FakeApi;
let folder: Folder;
const at = (name: string) => join(folder.path, name);
const run = (...options: string[]) =>
  callCli(['transcribe', at('talk.mp3'), '--format', 'txt', ...options], api.env);
const speaker = (name: string, file: string) => ['--speaker', `${name}=${at(file)}`];
const sent = () => api.submitted.map(({ options = {} }) => options);

beforeEach(async () => {
  api = await new FakeApi().start();
  folder = await Folder.with({
    'talk.mp3': 'good morning',
    'ada.wav': 'voice of Ada',
    'a=b.wav': 'voice of Grace',
    'none.wav': '',
    'long.wav': 'x'.repeat(2_400_000),
  });
});
afterEach(async () => {
  await api.stop();
  await folder.remove();
});

test('speakers are sent with their recordings', async () => {
  expect(await run('--diarize', ...speaker('Ada', 'ada.wav'), ...speaker('Grace', 'a=b.wav'))).toMatchObject({
    code: 0,
  });
  const [options] = sent();
  expect(SubmittedOptions.safeParse(options).success).toBe(true);
  expect(options).toMatchObject({ diarize: true, known_speaker_names: ['Ada', 'Grace'] });
  expect(options!.known_speaker_references!.map((url) => recordingIn(url)?.toString())).toEqual([
    'voice of Ada',
    'voice of Grace',
  ]);
});

test('speakers without recordings are sent by name', async () => {
  await run('--diarize', '--speaker', 'Ada', '--speaker', 'Grace Hopper');
  expect(sent()).toEqual([{ diarize: true, known_speaker_names: ['Ada', 'Grace Hopper'] }]);
});

test('records of results have hashes of the recordings, by which a repetition knows them', async () => {
  await run('--diarize', ...speaker('Ada', 'ada.wav'));
  const record = readFileSync(at('.spotscribe-results/talk.txt.json'), 'utf8');
  expect(record).not.toContain('base64');
  expect(record).toContain('known_speaker_references');
  expect((await run('--diarize', ...speaker('Ada', 'ada.wav'))).err).not.toContain('other options');
  expect((await run('--diarize', ...speaker('Ada', 'a=b.wav'))).err).toContain('other options');
  expect(sent()).toHaveLength(1);
});

test('another recording makes another job', async () => {
  await run('--diarize', ...speaker('Ada', 'ada.wav'));
  await run('--diarize', '--force', ...speaker('Ada', 'ada.wav'));
  expect(api.jobs.size).toBe(1);
  await run('--diarize', '--force', ...speaker('Ada', 'a=b.wav'));
  expect(api.jobs.size).toBe(2);
});

test.each<[string, () => string[], RegExp, number]>([
  ['without --diarize', () => ['--speaker', 'Ada'], /--speaker requires --diarize/, 2],
  ['an empty name', () => ['--diarize', '--speaker', '=a.wav'], /1 to 100 characters/, 2],
  ['a name twice', () => ['--diarize', '--speaker', 'A', '--speaker', 'A=a.wav'], /A is given twice/, 2],
  [
    'a recording for some',
    () => ['--diarize', ...speaker('Ada', 'ada.wav'), '--speaker', 'Grace'],
    /--speaker Grace has no recording, but others have/,
    2,
  ],
  [
    'too many',
    () => ['--diarize', ...Array.from({ length: 21 }, (_, n) => ['--speaker', `${n}`]).flat()],
    /At most 20 speakers/,
    2,
  ],
  [
    'too many recordings',
    () => ['--diarize', ...Array.from({ length: 11 }, (_, n) => speaker(`${n}`, 'ada.wav')).flat()],
    /At most 10 speakers may have a recording/,
    2,
  ],
  ['a missing file', () => ['--diarize', ...speaker('Ada', 'gone.wav')], /Cannot read .*gone\.wav/, 1],
  ['an empty file', () => ['--diarize', ...speaker('Ada', 'none.wav')], /none\.wav is empty/, 1],
  ['a large file', () => ['--diarize', ...speaker('Ada', 'long.wav')], /2400000 bytes; at most 2359/, 1],
])('%s is refused before anything is sent', async (_, options, message, code) => {
  expect(await run(...options())).toMatchObject({ code, err: expect.stringMatching(message) });
  expect(api.requests).toEqual([]);
});
