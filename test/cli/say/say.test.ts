import { mkdtemp, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { BOOK, speechView, TWO_CHAPTERS } from '../../support/speech-view';
import { FakeApi, receipt } from '../fake-api';
import { callCli, Folder, runCli, startCli } from '../run-cli';

let api: FakeApi;
let folder: Folder;
/** Bodies of the requests for speech. */
let asked: object[];
const AUDIO = Buffer.from([0xff, 0xfb, 0x90, 0x00]);

beforeEach(async () => {
  api = await new FakeApi().start();
  api.receipt = { ...receipt, measures: { character: 5000 }, audio_seconds: 0, cost_per_unit: {} };
  asked = [];
  api.routes.set('GET /v1/models', (_, response) => response.end('{"data":[{"id":"kokoro-82m"}]}'));
  api.routes.set('POST /v1/audio/speech', (body, response) => {
    asked.push(JSON.parse(body) as object);
    const headers = { 'x-spotscribe-voice': 'af_heart', 'x-spotscribe-characters': '13' };
    response.writeHead(200, { 'content-type': 'audio/mpeg', ...headers }).end(AUDIO);
  });
  given({ 'speech.mp3': 'a long speech' });
  folder = await Folder.with({ 'note.txt': 'Good evening.', 'book.epub': 'PK', 'empty.txt': ' \n' });
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
const say = (args: string[], stdin?: string) => callCli(['say', ...args], api.env, undefined, stdin);
const LONG = 'Good morning. '.repeat(300);

describe('a short text', () => {
  test('is one request, and its speech a file', async () => {
    const { code, out, err } = await say([
      'Good morning.',
      '-o',
      at('a.mp3'),
      '--voice',
      'nova',
      '--speed',
      '1.25',
    ]);
    expect(code).toBe(0);
    expect(out).toBe(`${at('a.mp3')}\n`);
    expect(await readFile(at('a.mp3'))).toEqual(AUDIO);
    expect(asked).toEqual([
      { model: 'kokoro-82m', input: 'Good morning.', response_format: 'mp3', voice: 'nova', speed: 1.25 },
    ]);
    expect(err).toBe('13 characters by af_heart\n');
    expect(api.submitted).toEqual([]);
  });

  test.each([
    [['-o', 'a.opus'], 'opus', 'a.opus'],
    [['-o', 'a.opus', '--format', 'flac'], 'flac', 'a.opus'],
    [['--format', 'wav'], 'wav', 'speech.wav'],
    [[], 'mp3', 'speech.mp3'],
  ])('with %j is requested as %s and written to %s', async (args, format, file) => {
    const { code, out } = await runCli(['say', 'Hello', ...args], api.env, folder.path);
    expect([code, out]).toEqual([0, `${file}\n`]);
    expect(asked).toMatchObject([{ response_format: format }]);
    expect(await readFile(at(file))).toEqual(AUDIO);
  });

  test('is a job with --bulk', async () => {
    expect((await say(['Hello', '-o', at('a.mp3'), '--bulk'])).code).toBe(0);
    expect(asked).toEqual([]);
    expect(api.submitted).toMatchObject([{ priority: 'bulk' }]);
  });

  test('comes from a file or from standard input', async () => {
    await say(['--file', at('note.txt'), '-o', at('a.mp3')]);
    await say(['-', '-o', at('b.mp3')], 'Good night.');
    expect(asked).toMatchObject([{ input: 'Good evening.' }, { input: 'Good night.' }]);
  });

  test('goes to standard output without any other byte', async () => {
    const { child, ended } = startCli(['say', 'Hello', '--out', '-'], api.env);
    const chunks: Buffer[] = [];
    child.stdout!.on('data', (chunk: Buffer) => chunks.push(chunk));
    expect(await ended).toMatchObject({ code: 0, err: '13 characters by af_heart\n' });
    expect(Buffer.concat(chunks)).toEqual(AUDIO);
  });

  test('does not replace a file without --force', async () => {
    await writeFile(at('a.mp3'), 'mine');
    const refused = await say(['Hello', '-o', at('a.mp3')]);
    expect(refused.code).toBe(1);
    expect(refused.err).toContain(
      `${at('a.mp3')} already exists. Choose another name with --out, or add --force`,
    );
    expect(api.requests).toEqual([]);
    expect((await say(['Hello', '-o', at('a.mp3'), '--force'])).code).toBe(0);
    expect(await readFile(at('a.mp3'))).toEqual(AUDIO);
  });

  test('does not replace a file that appeared while it was spoken', async () => {
    const speaks = api.routes.get('POST /v1/audio/speech')!;
    api.routes.set('POST /v1/audio/speech', (body, response) => {
      void writeFile(at('a.mp3'), 'mine').then(() => speaks(body, response));
    });
    expect((await say(['Hello', '-o', at('a.mp3')])).err).toContain('already exists');
    expect(await readFile(at('a.mp3'), 'utf8')).toBe('mine');
  });

  test('waits for a machine, and says so', async () => {
    const speaks = api.routes.get('POST /v1/audio/speech')!;
    api.routes.set('POST /v1/audio/speech', (_, response) => {
      api.routes.set('POST /v1/audio/speech', speaks);
      const error = { message: 'no machine', type: 'server_error', param: null, code: 'busy' };
      response.writeHead(503, { 'retry-after': '2' }).end(JSON.stringify({ error }));
    });
    const { code, err } = await say(['Hello', '-o', at('a.mp3')]);
    expect(code).toBe(0);
    expect(err).toContain('waiting until a machine has started\n');
  });

  test('prints one JSON document', async () => {
    const { out, err } = await say(['Hello', '-o', at('a.mp3'), '--json']);
    expect(JSON.parse(out)).toEqual({ path: at('a.mp3'), format: 'mp3' });
    expect(err).toBe('');
  });

  test('is refused by a deployment that does not speak', async () => {
    api.routes.delete('POST /v1/audio/speech');
    const refuse = { error: { message: 'no', type: 'x', param: null, code: 'not_found' } };
    api.routes.set('POST /v1/audio/speech', (_, response) =>
      response.writeHead(404).end(JSON.stringify(refuse)),
    );
    const { code, err } = await say(['Hello', '-o', at('a.mp3')]);
    expect(code).toBe(1);
    expect(err).toContain('does not speak. Use the URL of a deployment of the path TextToSpeech');
  });
});

describe('a long text', () => {
  test('is a job, whose temporary input is removed', async () => {
    const temporary = await mkdtemp(at('tmp-'));
    const env = { ...api.env, TMPDIR: temporary };
    const { code, out, err } = await runCli(['say', LONG, '-o', at('long.mp3'), '--voice', 'nova'], env);
    // The loader of TypeScript keeps its cache there.
    expect((await readdir(temporary)).filter((name) => name.startsWith('spotscribe'))).toEqual([]);
    expect(code).toBe(0);
    expect(out).toBe(`${at('long.mp3')}\n`);
    expect(await readFile(at('long.mp3'), 'utf8')).toBe('a long speech');
    expect(api.submitted).toEqual([
      {
        ...{ name: 'text.txt', size: LONG.length, media_type: 'text/plain' },
        tasks: { speech: { voice: 'nova', format: 'mp3' } },
      },
    ]);
    expect([...api.jobs.values()][0]!.audio!.toString()).toBe(LONG);
    expect(err).toContain('30 s of speech by default; 5000 characters in 4 s');
    expect(asked).toEqual([]);
  });

  test('of 4096 characters is not long, whatever they are', async () => {
    await say(['-', '-o', at('a.mp3')], '🎧'.repeat(4096));
    expect(asked).toHaveLength(1);
    await say(['-', '-o', at('b.mp3')], '🎧'.repeat(4097));
    expect(api.submitted).toHaveLength(1);
  });

  test('goes to standard output, too', async () => {
    const { out } = await say(['-', '-o', '-'], LONG);
    expect(out).toBe('a long speech');
  });

  test('finds the job of an interrupted run', async () => {
    api.held = true;
    const { child, ended, says } = startCli(['say', LONG, '-o', at('a.mp3')], api.env);
    await says(/queued/);
    child.kill('SIGINT');
    expect((await ended).code).toBe(130);
    api.held = false;
    expect((await say([LONG, '-o', at('a.mp3')])).code).toBe(0);
    expect(api.jobs.size).toBe(1);
  });

  test('fails with the error of its job', async () => {
    api.failing.set(LONG, { code: 'invalid_request', message: 'There is no voice "nova"' });
    const { code, out, err } = await say([LONG, '-o', at('a.mp3'), '--json']);
    expect(code).toBe(1);
    expect(JSON.parse(out)).toEqual({
      error: { code: 'invalid_request', message: 'There is no voice "nova"' },
    });
    expect(err).toContain('There is no voice');
  });
});

describe('a book', () => {
  test('becomes a folder of chapters', async () => {
    given(BOOK, { chapters: TWO_CHAPTERS, degraded: [{ stage: 'text', reason: 'a table is not spoken' }] });
    const args = ['--file', at('book.epub'), '--chapters', '--out', at('audio')];
    const { code, out, err } = await say(args);
    expect([code, out]).toEqual([0, `${at('audio')}\n`]);
    expect(await readFile(at('audio', 'speech.m4b'), 'utf8')).toBe('both chapters');
    expect(err).toContain('a table is not spoken\n30 s of speech by default, 2 chapters');
    expect(api.submitted).toMatchObject([
      {
        ...{ name: 'book.epub', media_type: 'application/epub+zip' },
        tasks: { speech: { format: 'mp3', chapters: true } },
      },
    ]);
    const again = await say(args);
    expect(again.code).toBe(1);
    expect(again.err).toMatch(/audio\/_speech\.json already exists/);
  });

  test('becomes one audiobook, even of a short text', async () => {
    given({ 'speech.m4b': 'a book' });
    await say(['--file', at('note.txt'), '-o', at('note.m4b')]);
    expect(api.submitted).toMatchObject([{ tasks: { speech: { format: 'm4b' } } }]);
    expect(await readFile(at('note.m4b'), 'utf8')).toBe('a book');
  });
});

test.each([
  [[], 'The text is missing'],
  [['  '], 'The text is empty'],
  [['-'], 'The text is empty'],
  [['Hello', '--file', 'note.txt'], 'The text is given twice'],
  [['--file', 'empty.txt'], 'empty.txt is empty'],
  [['--file', 'none.txt'], 'none.txt does not exist'],
  [['Hello', '--speed', '9'], 'It must be a number from 0.25 to 4'],
  [['Hello', '--format', 'midi'], 'Allowed choices are mp3, opus, aac, flac, wav, pcm, m4b'],
  [['Hello', '-o', '-', '--json'], '--json and --out - both write to standard output'],
  [['Hello', '-o', '-', '--chapters'], '--chapters makes several files'],
])('refuses %j', async (args, message) => {
  const paths = args.map((each) => (each.endsWith('.txt') ? at(each) : each));
  const { code, err } = await say(paths, '');
  expect(err).toContain(message);
  expect(code).toBe(2);
  expect(api.requests).toEqual([]);
});

test('refuses standard input that is not text', async () => {
  const { child, ended } = startCli(['say', '-'], api.env);
  child.stdin!.end(Buffer.from([0xff, 0xfe, 0x00]));
  expect(await ended).toMatchObject({ code: 2, err: expect.stringContaining('not text in UTF-8') as string });
});

describe('the voices', () => {
  const voices = [
    {
      id: 'af_heart',
      languages: ['en'],
      description: 'American English, female',
      aliases: ['nova', 'alloy'],
    },
    { id: 'evil\u001b[2J', languages: ['de', 'en'], description: '', aliases: [] },
  ];
  const list = (...args: string[]) => callCli(['voices', ...args], api.env);
  const given = (license: string | null) =>
    api.routes.set('GET /v1/audio/voices', (_, response) =>
      response.end(JSON.stringify({ voices, model: 'kokoro-82m', license })),
    );

  test('are a table', async () => {
    given('CPML');
    const { code, out, err } = await list();
    expect(code).toBe(0);
    expect(out.split('\n').map((line) => line.split(/ {2,}/))).toEqual([
      ['VOICE', 'LANGUAGES', 'DESCRIPTION', 'ALSO'],
      ['af_heart', 'en', 'American English, female', 'nova, alloy'],
      ['evil', 'de, en'],
      [''],
    ]);
    expect(err).toBe('Licence of the model: CPML\n');
  });

  test('are one JSON document', async () => {
    given(null);
    expect(JSON.parse((await list('--json')).out)).toEqual({ voices, model: 'kokoro-82m', license: null });
  });

  test('are not known without a machine, which the API says', async () => {
    const error = { message: 'No machine is running', type: 'server_error', param: null, code: 'busy' };
    api.routes.set('GET /v1/audio/voices', (_, response) =>
      response.writeHead(503, { 'retry-after': '59' }).end(JSON.stringify({ error })),
    );
    expect(await list()).toMatchObject({ code: 1, err: 'error: No machine is running\n' });
  });
});
