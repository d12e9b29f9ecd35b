import { execFile, execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import OpenAI from 'openai-newest';
import type { SubmitJobResponse } from '../../core/contract/api';
import { ENV } from '../../core/contract/environment';
import { JOB_HEADER, VOICE_HEADER } from '../../core/contract/http';
import type { JobView } from '../../core/contract/job';
import type { UsageResponse } from '../../core/contract/usage';
import type { SpeechOptions } from '../../core/contract/work/options';
import type { SpeechView } from '../../core/contract/work/speech';
import { Laptop, root, until } from './laptop';

const run = promisify(execFile);

/** Each covers half a minute of waiting and the pause before the next. */
const RETRIES = 8;

/** Samples per second, to which sounds are decoded. */
const SAMPLE_RATE = 16_000;

const MODEL = 'tts-1';
const TEXT = 'The quick brown fox jumps over the lazy dog. It costs $5.';
/** Two chapters of a book in the public domain: Lewis Carroll, 1871. */
const BOOK = readFileSync(join(root, 'test/fixtures/speech/looking-glass.md'));

/** The clients for Python: the newest one, and the oldest one that is supported. */
const PYTHON_CLIENTS: [name: string, environment: Record<string, string>][] = [
  ['newest', {}],
  ['oldest', { PYTHONPATH: join(root, '.spotscribe/openai-oldest') }],
];

const folder = mkdtempSync(join(tmpdir(), 'spotscribe-speech-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Probed {
  format: { format_name: string; duration: string };
  streams: { codec_type: string; codec_name: string }[];
  chapters: { start_time: string; end_time: string; tags?: { title?: string } }[];
}

/** What ffprobe says of a file. */
function probed(bytes: Buffer, name: string): Probed {
  const file = join(folder, name);
  writeFileSync(file, bytes);
  const shown = ['-show_format', '-show_streams', '-show_chapters'];
  return JSON.parse(
    execFileSync('ffprobe', ['-v', 'error', '-of', 'json', ...shown, file], { encoding: 'utf8' }),
  ) as Probed;
}

/** A sound of some seconds that is not silent. */
function expectSpeech(bytes: Buffer, name: string, seconds: [least: number, most: number]) {
  const { streams } = probed(bytes, name);
  expect(streams.map(({ codec_type }) => codec_type)).toEqual(['audio']);
  const plain = ['-f', 's16le', '-ac', '1', '-ar', String(SAMPLE_RATE), '-'];
  const decoded = execFileSync('ffmpeg', ['-v', 'error', '-i', join(folder, name), ...plain], {
    maxBuffer: 2 ** 26,
  });
  const samples = new Int16Array(decoded.buffer, decoded.byteOffset, decoded.length >> 1);
  // Counted: the head of a stream cannot state its length.
  expect(samples.length / SAMPLE_RATE).toBeGreaterThan(seconds[0]);
  expect(samples.length / SAMPLE_RATE).toBeLessThan(seconds[1]);
  expect(samples.reduce((most, sample) => Math.max(most, Math.abs(sample)), 0)).toBeGreaterThan(1000);
}

/** OpenAI's clients against path 600, with a fleet that sleeps and wakes, and espeak-ng. */
describe('speech in place, and by jobs where no machine runs', () => {
  let laptop: Laptop;
  let client: OpenAI;
  beforeAll(async () => {
    laptop = await Laptop.start({ idleMinutes: '0.15', visibilitySeconds: '6' }, 'TextToSpeech');
    client = new OpenAI({ baseURL: `${laptop.url}/v1`, apiKey: laptop.key, maxRetries: 0 });
  });
  afterAll(() => laptop?.stop());

  const bytesOf = async (answer: Response) => Buffer.from(await answer.arrayBuffer());
  const speak = (fields: Partial<OpenAI.Audio.SpeechCreateParams> = {}) =>
    client.audio.speech.create({ model: MODEL, voice: 'alloy', input: TEXT, ...fields });
  const usedCharacters = async () =>
    (await laptop.request<UsageResponse>('GET', '/v1/usage')).body.units.character?.used ?? 0;
  const jobs = async () => (await laptop.request<{ data: JobView[] }>('GET', '/v1/jobs')).body.data;

  /** Submits a text as a job, and waits for its end. */
  async function jobOf(text: Buffer, media_type: string, speech: SpeechOptions): Promise<JobView> {
    const submitted = await laptop.request<SubmitJobResponse>('POST', '/v1/jobs', {
      ...{ name: 'text', media_type, tasks: { speech }, size: text.length },
    });
    expect(submitted.status).toBe(201);
    const { id, upload } = submitted.body;
    const put = await fetch(upload!.url, { method: upload!.method, headers: upload!.headers, body: text });
    expect(put.ok).toBe(true);
    return laptop.ended(id);
  }

  const file = async (path: string) => {
    const answer = await fetch(`${laptop.url}${path}`, {
      headers: { authorization: `Bearer ${laptop.key}` },
    });
    expect(answer.ok).toBe(true);
    return bytesOf(answer);
  };

  test('asleep: the call wakes a machine, and with enough retries gets its speech by a job', async () => {
    expect(laptop.machines()).toEqual([]);
    const names = (await client.models.list()).data.map(({ id }) => id);
    expect(names).toEqual(expect.arrayContaining(['espeak-ng', MODEL]));
    const answer = await client
      .withOptions({ maxRetries: RETRIES })
      .audio.speech.create({ model: MODEL, voice: 'alloy', input: TEXT });
    expectSpeech(await bytesOf(answer), 'job.mp3', [2, 20]);
    const id = answer.headers.get(JOB_HEADER) ?? '';
    const ended = await laptop.ended(id);
    expect(ended).toMatchObject({ status: 'succeeded', degraded: [], name: 'speech.txt' });
    expect(ended.receipt?.measures).toEqual({ character: TEXT.length });
    expect(await usedCharacters()).toBe(TEXT.length);
    // The same text is the same job.
    expect((await speak()).headers.get(JOB_HEADER)).toBe(id);
  });

  test('warm: clients get speech in place in every format, and no job is made', async () => {
    await laptop.setVariable('SizeFleet', ENV.warmMachines, '1');
    await laptop.containerProcess('speech');
    await until('the machine to answer', 120, async () => {
      const answer = await client.audio.speech
        .create(
          { model: MODEL, voice: 'alloy', input: `Warm ${Date.now()}.` },
          { headers: { prefer: 'wait=5' } },
        )
        .catch(() => undefined);
      return answer?.ok === true ? true : undefined;
    });
    const before = (await jobs()).length;
    const counted = await usedCharacters();
    const input = `${TEXT} Again.`;
    const answer = await speak({ input });
    expect(answer.headers.has(JOB_HEADER)).toBe(false);
    expect(answer.headers.get('content-type')).toBe('audio/mpeg');
    expect(answer.headers.get(VOICE_HEADER)).toBeTruthy();
    expectSpeech(await bytesOf(answer), 'warm.mp3', [2, 20]);
    expect(await usedCharacters()).toBe(counted + input.length);
    for (const response_format of ['opus', 'aac', 'flac', 'wav'] as const)
      expectSpeech(
        await bytesOf(await speak({ input, response_format })),
        `warm.${response_format}`,
        [2, 20],
      );
    const pcm = await bytesOf(await speak({ input, response_format: 'pcm' }));
    expect(pcm.length % 2).toBe(0);
    const slow = await bytesOf(await speak({ input, response_format: 'pcm', speed: 0.5 }));
    expect(slow.length).toBeGreaterThan(1.5 * pcm.length);
    expect((await jobs()).length).toBe(before);
  });

  test('warm: a stream of events has the same sound', async () => {
    const input = `${TEXT} As events.`;
    const answer = await speak({ input, stream_format: 'sse', response_format: 'pcm' });
    expect(answer.headers.get('content-type')).toMatch(/^text\/event-stream/);
    const events = (await answer.text())
      .split('\n')
      .filter((line) => line.startsWith('data: '))
      .map((line) => JSON.parse(line.slice(6)) as { type: string; audio?: string });
    expect(events.at(-1)).toMatchObject({ type: 'speech.audio.done' });
    const sound = Buffer.concat(events.map(({ audio = '' }) => Buffer.from(audio, 'base64')));
    expect(sound).toEqual(await bytesOf(await speak({ input, response_format: 'pcm' })));
  });

  test.each(PYTHON_CLIENTS)('warm: the %s Python client gets speech, streamed too', async (name, env) => {
    const program = `
import sys, openai
url, key, model, text, whole, streamed = sys.argv[1:]
client = openai.OpenAI(base_url=url, api_key=key, max_retries=0)
client.audio.speech.create(model=model, voice="alloy", input=text).write_to_file(whole)
with client.audio.speech.with_streaming_response.create(model=model, voice="alloy", input=text) as answer:
    answer.stream_to_file(streamed)`;
    const [whole, streamed] = [join(folder, `${name}.mp3`), join(folder, `${name}-streamed.mp3`)];
    const args = ['-c', program, `${laptop.url}/v1`, laptop.key, MODEL, `${TEXT} ${name}`, whole, streamed];
    const variables = { PATH: process.env.PATH, HOME: process.env.HOME, ...env };
    await run(join(root, 'docker/.venv/bin/python'), args, { env: variables });
    expectSpeech(readFileSync(whole), `${name}-whole.mp3`, [2, 20]);
    expect(readFileSync(streamed)).toEqual(readFileSync(whole));
  });

  test('warm: the voices are listed', async () => {
    const { status, body } = await laptop.request<{ voices: { id: string }[] }>('GET', '/v1/audio/voices');
    expect(status).toBe(200);
    expect(body.voices.length).toBeGreaterThan(0);
    const [{ id } = { id: '' }] = body.voices;
    expect((await speak({ voice: id })).headers.get(VOICE_HEADER)).toBe(id);
  });

  test('faults are errors of the client that name the field', async () => {
    await expect(speak({ input: ' ' })).rejects.toMatchObject({ status: 400, param: 'input' });
    await expect(speak({ voice: 'nobody' })).rejects.toMatchObject({ status: 400, param: 'voice' });
    await expect(speak({ speed: 5 })).rejects.toMatchObject({ status: 400, param: 'speed' });
    await expect(speak({ model: 'gpt-4o' })).rejects.toMatchObject({ status: 404, code: 'model_not_found' });
  });

  test('a text becomes one file by a job', async () => {
    const { id, receipt } = await jobOf(Buffer.from(TEXT), 'text/plain', { format: 'flac' });
    const { body } = await laptop.request<SpeechView>('GET', `/v1/jobs/${id}/speech`);
    expect(body.files).toMatchObject([{ name: 'speech.flac' }]);
    expect(receipt?.measures).toEqual({ character: body.characters });
    expectSpeech(await file(body.files[0]!.path), 'one.flac', [2, 20]);
  });

  test('chapters of a book become files, and an audiobook with chapter marks', async () => {
    const { id } = await jobOf(BOOK, 'text/markdown', { chapters: true });
    const { body } = await laptop.request<SpeechView>('GET', `/v1/jobs/${id}/speech`);
    const titles = body.chapters.map(({ title }) => title);
    expect(titles).toEqual(expect.arrayContaining(['Looking-Glass House', 'The Garden of Live Flowers']));
    expect(body.files.filter(({ chapter }) => chapter !== undefined)).toHaveLength(titles.length);
    const book = body.files.find(({ name }) => name.endsWith('.m4b'))!;
    const bytes = await file(book.path);
    expect(bytes).toHaveLength(book.bytes);
    const { chapters, format } = probed(bytes, 'book.m4b');
    expect(chapters.map(({ tags }) => tags?.title)).toEqual(titles);
    expect(Number(chapters.at(-1)!.end_time)).toBeCloseTo(Number(format.duration), 0);
    for (const [index, { start_time }] of chapters.entries())
      expect(Number(start_time)).toBeCloseTo(body.chapters[index]!.start, 1);
  });
});
