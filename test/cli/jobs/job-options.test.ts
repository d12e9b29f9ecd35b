import { join } from 'node:path';
import type { JobOptions } from '../../../core/contract/work/options';
import { FakeApi } from '../fake-api';
import { callCli, Folder } from '../run-cli';

const SCHEMA = { type: 'object', properties: { caller: { type: 'string' } }, required: ['caller'] };

let api: FakeApi;
let folder: Folder;
const run = (...options: string[]) =>
  callCli(['transcribe', join(folder.path, 'talk.mp3'), ...options], api.env);

beforeEach(async () => {
  api = await new FakeApi().start();
  folder = await Folder.with({
    'talk.mp3': 'good morning',
    'call.json': JSON.stringify(SCHEMA),
    'pattern.json': JSON.stringify({ type: 'object', properties: { a: { type: 'string', pattern: 'x' } } }),
    'broken.json': '{"type": ',
  });
});
afterEach(async () => {
  await api.stop();
  await folder.remove();
});

test.each<[string[], JobOptions]>([
  [[], {}],
  [['--language', 'de', '--translate'], { language: 'de', task: 'translate' }],
  [['--language', 'English'], { language: 'en' }],
  [['--languages', 'English, de,en-US'], { languages: ['en', 'de'] }],
  [['--hotwords', 'Ölçer', '--prompt', ''], { hotwords: 'Ölçer', prompt: '' }],
  [['--track', '2'], { track: 2 }],
  [['--channels', 'separate'], { channels: 'separate' }],
  [['--channels', 'mixed', '--diarize'], { channels: 'mixed', diarize: true }],
  [['--diarize'], { diarize: true }],
  [['--diarize', '--speakers', '2'], { diarize: true, num_speakers: 2 }],
  [
    ['--diarize', '--min-speakers', '2', '--max-speakers', '20'],
    { diarize: true, min_speakers: 2, max_speakers: 20 },
  ],
  [['--diarize', '--no-speaker-cleanup'], { diarize: true, speaker_cleanup: [] }],
  [['--no-analysis'], { analysis: false }],
  [['--tasks', 'topics, summary,topics'], { analysis: { tasks: ['topics', 'summary'] } }],
  [['--ask', 'Who pays?', '--ask', ' When? '], { analysis: { questions: ['Who pays?', 'When?'] } }],
])('%j sends %j and no other options', async (options, asked) => {
  expect(await run(...options)).toMatchObject({ code: 0 });
  expect([...api.jobs.values()].map(({ view }) => view.options)).toEqual([asked]);
});

test.each<[string[], RegExp]>([
  [['--channels', 'left'], /'left' is invalid.*choices are mixed, separate/i],
  [
    ['--channels', 'separate', '--diarize'],
    /^error: --channels separate makes each channel a speaker: remove --diarize, or use --channels mixed$/m,
  ],
  [['--channels', 'separate', '--speakers', '2'], /remove --speakers, or use --channels mixed/],
  [['--speakers', '2'], /^error: --speakers requires --diarize: add --diarize, or remove --speakers$/m],
  [['--min-speakers', '2'], /^error: --min-speakers requires --diarize/m],
  [['--max-speakers', '2'], /^error: --max-speakers requires --diarize/m],
  [['--no-speaker-cleanup'], /^error: --no-speaker-cleanup requires --diarize/m],
  [['--diarize', '--speakers', '2', '--max-speakers', '3'], /'--speakers <n>' cannot be used with .*'--max-/],
  [
    ['--diarize', '--min-speakers', '3', '--max-speakers', '2'],
    /--min-speakers 3 must not be greater than --max-speakers 2/,
  ],
  [['--diarize', '--speakers', '0'], /'0' is invalid.*whole number from 1 to 20/],
  [['--diarize', '--max-speakers', '21'], /'21' is invalid.*whole number from 1 to 20/],
  [['--hotwords', 'x'.repeat(1001)], /1001 characters; at most 1000/],
  [['--prompt', 'x'.repeat(2001)], /2001 characters; at most 2000/],
  [['--tasks', 'gossip'], /'gossip' is invalid.*list of summary, topics, .*separated by commas/],
  [['--ask', ' '], /' ' is invalid.*must not be empty/],
  [['--ask', 'x'.repeat(501)], /501 characters; at most 500/],
  [Array<string[]>(11).fill(['--ask', 'Who?']).flat(), /At most 10 questions are allowed/],
  [['--no-analysis', '--ask', 'Who?'], /--ask and --no-analysis cannot be used together/],
  [['--languages', 'en,Klingon'], /language that Whisper supports, such as "en"/],
  [['--languages', 'en,de', '--language', 'en'], /cannot be used with/],
  [['--language', 'Klingon'], /language that Whisper supports, such as "en"/],
])('%j is refused before anything is sent', async (options, message) => {
  expect(await run(...options)).toMatchObject({ code: 2, err: expect.stringMatching(message) });
  expect(api.requests).toEqual([]);
});

const schema = (name: string) => ['--schema', join(folder.path, name)];

test('sends the JSON schema of a file', async () => {
  expect(await run(...schema('call.json'), '--tasks', 'summary')).toMatchObject({ code: 0 });
  const [job] = api.jobs.values();
  expect(job?.view.options).toEqual({ analysis: { tasks: ['summary'], schema: SCHEMA } });
});

test.each([
  ['pattern.json', 2, /pattern\.json, properties\.a\.pattern\)\. It is not supported.*"description"/],
  ['broken.json', 2, /broken\.json is not JSON/],
  ['missing.json', 1, /Cannot read .*missing\.json/],
])('refuses the schema of %s before anything is sent', async (name, code, message) => {
  expect(await run(...schema(name))).toMatchObject({ code, err: expect.stringMatching(message) });
  expect(api.requests).toEqual([]);
});

test('refuses a schema without an analysis', async () => {
  const message = /--schema and --no-analysis cannot be used together/;
  expect(await run(...schema('call.json'), '--no-analysis')).toMatchObject({
    code: 2,
    err: expect.stringMatching(message),
  });
});
