import { KEY } from '../../../core/contract/keys';
import {
  AT_ONCE,
  bucket,
  jobs,
  machines,
  onlyJob,
  queuedJob,
  store,
  useServers,
} from '../../support/recording-requests';
import { get, MODEL, SOUND, speak, succeed } from '../../support/speech-requests';
import { bodyOf, errorOf } from '../../support/support';

useServers();

const MADE = { 'x-spotscribe-characters': '6', 'x-spotscribe-voice': 'af_heart' };
const OURS = (code: string, param: string | null = null) =>
  JSON.stringify({ error: { message: 'no', type: 'x', param, code } });
const EVENTS =
  'data: {"type":"speech.audio.delta","audio":"AAAA"}\n\n' +
  'data: {"type":"speech.audio.done","usage":{"input_tokens":6,"output_tokens":0,"total_tokens":6}}\n\n';
const LONG = 'A long text. '.repeat(400);

const usedCharacters = async () => (await store.usage.used('key_1', new Date())).character ?? 0;
/** The bytes of an answer, as the gateway sends them. */
const bytesOf = ({ body = '', isBase64Encoded }: { body?: string; isBase64Encoded?: boolean }) =>
  Buffer.from(body, isBase64Encoded === true ? 'base64' : 'utf8');

describe('while a machine is running', () => {
  test('its sound is passed on byte by byte, and no job is created', async () => {
    machines.answers(200, 'audio/mpeg', SOUND, { ...MADE, 'x-other': 'kept back' });
    const answer = await speak({ input: 'Hello.' });
    expect(answer.statusCode).toBe(200);
    expect(answer.headers).toMatchObject({ 'content-type': 'audio/mpeg', 'x-spotscribe-voice': 'af_heart' });
    expect(answer.headers).not.toHaveProperty('x-other');
    expect(bytesOf(answer)).toEqual(SOUND);
    expect(machines.came).toMatchObject([
      { method: 'POST', url: '/v1/audio/speech', headers: { 'content-type': 'application/json' } },
    ]);
    expect(JSON.parse(machines.came[0]!.body.toString())).toMatchObject({ input: 'Hello.', voice: 'alloy' });
    expect(jobs()).toEqual([]);
  });

  test('4.5 MB of sound fit into the answer of a function', async () => {
    machines.answers(200, 'audio/wav', Buffer.alloc(4_500_000, 0xff), MADE);
    const { statusCode, body } = await speak({ input: 'Hello.', response_format: 'wav' });
    expect(statusCode).toBe(200);
    expect(body).toHaveLength(6_000_000);
  });

  test('its events are passed on whole, as text', async () => {
    machines.answers(200, 'text/event-stream; charset=utf-8', EVENTS, MADE);
    const answer = await speak({ input: 'Hello.', stream_format: 'sse' });
    expect(answer).toMatchObject({ statusCode: 200, body: EVENTS });
    expect(answer.isBase64Encoded).not.toBe(true);
  });

  test.each<[string, string]>([
    ['an incomplete stream', EVENTS.split('\n\n')[0]!],
    ['the end of another route’s stream', 'data: {"type":"transcript.text.done"}\n\n'],
  ])('%s is no answer: the request becomes a job', async (_, events) => {
    machines.answers(200, 'text/event-stream', events, MADE);
    const answer = await speak({ input: 'Hello.', stream_format: 'sse' }, { change: { limits: AT_ONCE } });
    expect(answer.statusCode).toBe(503);
    expect(jobs()).toHaveLength(1);
  });

  test('a failure in its stream has its own status', async () => {
    machines.answers(200, 'text/event-stream', `data: ${OURS('invalid_request', 'input')}\n\n`, MADE);
    const answer = await speak({ input: 'Hello.', stream_format: 'sse' });
    expect(answer.statusCode).toBe(400);
    expect(errorOf(answer)).toMatchObject({ code: 'invalid_request', param: 'input' });
  });

  test('its refusal is passed on, and no job is created', async () => {
    machines.answers(400, 'application/json', OURS('invalid_request', 'voice'));
    const answer = await speak({ input: 'Hello.', voice: 'nobody' });
    expect(answer.statusCode).toBe(400);
    expect(errorOf(answer)).toMatchObject({ param: 'voice' });
    expect(jobs()).toEqual([]);
  });

  test('sound that is too large becomes a job, and its characters are not counted twice', async () => {
    machines.answers(200, 'audio/wav', Buffer.alloc(4_500_001), MADE);
    const answer = await speak({ input: 'Hello.' }, { change: { limits: AT_ONCE }, characters: 100 });
    expect(answer.statusCode).toBe(503);
    expect(jobs()).toHaveLength(1);
    // What the job reserved.
    expect(await usedCharacters()).toBe(6);
  });

  test('it is not asked for a long text, unless the caller accepts no job', async () => {
    machines.answers(200, 'audio/mpeg', SOUND, MADE);
    expect((await speak({ input: LONG }, { change: { limits: AT_ONCE } })).statusCode).toBe(503);
    expect(machines.came).toEqual([]);
    expect(jobs()).toHaveLength(1);
    expect((await speak({ input: `${LONG}.` }, { headers: { prefer: 'wait=5' } })).statusCode).toBe(200);
    expect(jobs()).toHaveLength(1);
  });
});

describe('a request without a synchronous answer', () => {
  test('becomes a text with the same options', async () => {
    const fields = { voice: { id: 'af_heart' }, speed: 1.5, response_format: 'flac', instructions: 'Sing.' };
    await speak({ input: 'Grüß dich, 你好.', ...fields }, { change: { limits: AT_ONCE } });
    const row = await onlyJob();
    expect(row).toMatchObject({
      name: 'speech.txt',
      media_type: 'text/plain',
      status: 'queued',
      tasks: {
        speech: { voice: 'af_heart', speed: 1.5, format: 'flac', text_format: 'text', loudness: false },
      },
      stages: { speech: 'waiting' },
    });
    expect(bucket.objects.get(row.input_key)!.toString()).toBe('Grüß dich, 你好.');
  });

  test('may be SSML', async () => {
    await speak({ input: '<speak>Hi</speak>', ssml: true }, { change: { limits: AT_ONCE } });
    expect(await onlyJob()).toMatchObject({
      name: 'speech.ssml',
      media_type: 'application/ssml+xml',
      tasks: { speech: { text_format: 'ssml' } },
    });
  });

  test('is answered with the bytes of its job', async () => {
    const answer = speak({ input: 'Hello.', response_format: 'opus', instructions: 'Sing.' });
    const row = await queuedJob();
    await succeed(row);
    const made = await answer;
    expect(made).toMatchObject({ statusCode: 200, isBase64Encoded: true });
    expect(made.headers).toMatchObject({
      'content-type': 'audio/ogg',
      'x-spotscribe-job': row.id,
      'x-spotscribe-voice': 'af_heart',
      'x-spotscribe-characters': '6',
      'x-spotscribe-ignored': 'instructions',
    });
    expect(bytesOf(made)).toEqual(SOUND);
  });

  test('says in ASCII who speaks and what is left out', async () => {
    const answer = speak({ input: 'Hello. 🙂' });
    const reason = 'No voice can speak 🙂 or ŋ.';
    const change = { voice: 'Camilla Holmström', degraded: [{ stage: 'speech' as const, reason }] };
    await succeed(await queuedJob(), SOUND, change);
    expect((await answer).headers).toMatchObject({
      'x-spotscribe-voice': 'Camilla Holmstr\\xf6m',
      'x-spotscribe-degraded': 'speech',
      'x-spotscribe-left-out': 'No voice can speak \\U0001f642 or \\u014b.',
    });
  });

  test('is answered with one event and the end, if it asks for events', async () => {
    const answer = speak({ input: 'Hello.', stream_format: 'sse' });
    await succeed(await queuedJob());
    const { headers, body = '' } = await answer;
    expect(headers).toMatchObject({ 'content-type': 'text/event-stream; charset=utf-8' });
    const events = body.split('\n\n').filter((line) => line !== '');
    expect(events.map((event) => JSON.parse(event.replace('data: ', '')) as unknown)).toEqual([
      { type: 'speech.audio.delta', audio: SOUND.toString('base64') },
      { type: 'speech.audio.done', usage: { input_tokens: 6, output_tokens: 0, total_tokens: 6 } },
    ]);
  });

  test.each<[string, object, number, boolean]>([
    ['bytes', {}, 4_500_000, true],
    ['bytes', {}, 4_500_001, false],
    ['events', { stream_format: 'sse' }, 3_370_000, true],
    ['events', { stream_format: 'sse' }, 3_375_000, false],
  ])('as %s %j of %d bytes: %s', async (_, fields, size, fits) => {
    const answer = speak({ input: 'Hello.', ...fields });
    const row = await queuedJob();
    await succeed(row, Buffer.alloc(size, 0xff));
    const made = await answer;
    if (fits) expect(Buffer.byteLength(made.body!)).toBeLessThan(6_200_000);
    else
      expect(errorOf(made)).toMatchObject({
        param: 'response_format',
        job_id: row.id,
        message: expect.stringMatching(
          `^The speech has ${size} bytes; .* GET /v1/jobs/${row.id}/speech\\?file=speech\\.mp3, or send "response_format" mp3`,
        ),
      });
    expect(made.statusCode).toBe(fits ? 200 : 400);
  });

  test('is answered with 404 if the file of its job was deleted', async () => {
    const answer = speak({ input: 'Hello.' });
    const row = await queuedJob();
    await succeed(row);
    bucket.objects.delete(KEY.file(row.id, 1, 'speech.mp3'));
    expect(errorOf(await answer).message).toBe(`The speech of job ${row.id} has been deleted`);
  });

  test('is asked to come again while the job runs, and then attaches to it as events too', async () => {
    const first = await speak({ input: 'Hello.' }, { change: { limits: AT_ONCE } });
    const { id } = await onlyJob();
    expect(first.headers).toMatchObject({ 'x-should-retry': 'true', 'x-spotscribe-job': id });
    expect(errorOf(first).message).toMatch(
      new RegExp(`^The speech is not ready: the text is job ${id}, which is .* GET /v1/jobs/${id}/speech `),
    );
    await succeed(await onlyJob());
    const second = await speak({ input: 'Hello.', stream_format: 'sse' });
    expect(second.headers).toMatchObject({ 'x-spotscribe-job': id });
    expect(second.body).toContain('speech.audio.done');
    expect(jobs()).toEqual([id]);
  });

  test.each<[string, object]>([
    ['another text', { input: 'Bye.' }],
    ['another voice', { input: 'Hello.', voice: 'nova' }],
    ['another speed', { input: 'Hello.', speed: 2 }],
    ['another format', { input: 'Hello.', response_format: 'wav' }],
    ['SSML', { input: 'Hello.', ssml: true }],
  ])('gets a job of its own for %s', async (_, body) => {
    await speak({ input: 'Hello.' }, { change: { limits: AT_ONCE } });
    await speak(body, { change: { limits: AT_ONCE } });
    expect(jobs()).toHaveLength(2);
  });

  test('gets a job at once with Prefer: respond-async', async () => {
    const answer = await speak({ input: LONG }, { headers: { prefer: 'respond-async' } });
    expect(answer.statusCode).toBe(202);
    expect(bodyOf(answer)).toMatchObject({ object: 'job', status: 'queued', id: jobs()[0] });
  });
});

describe('a quota of characters', () => {
  test('counts the characters of synchronous answers, once for the same text', async () => {
    machines.answers(200, 'audio/mpeg', SOUND, MADE);
    const first = await speak({ input: 'Hello.' }, { characters: 10 });
    expect(first.headers).toMatchObject({ 'x-ratelimit-remaining-characters': '4' });
    await speak({ input: 'Hello.' }, { characters: 10 });
    expect(await usedCharacters()).toBe(6);
  });

  test.each(['Hello.', LONG])('refuses new work when it is used up', async (input) => {
    machines.answers(200, 'audio/mpeg', SOUND, MADE);
    await speak({ input: 'One.' }, { characters: 6 });
    const refused = await speak({ input }, { characters: 6, change: { limits: AT_ONCE } });
    expect(refused.statusCode).toBe(429);
    expect(errorOf(refused).code).toBe('quota_exceeded');
    expect(jobs()).toEqual([]);
  });
});

test.each<[string, string, Record<string, string>, number]>([
  ['of another type', '{}', { 'content-type': 'text/plain' }, 415],
  ['that is broken', '{"input": ', {}, 400],
  ['that is missing', '', {}, 400],
  ['with a blank text', '{"model":"tts-1","input":" "}', {}, 400],
])('a body %s is refused, and no machine is asked', async (_, body, headers, status) => {
  expect((await speak(body, { headers })).statusCode).toBe(status);
  expect(machines.came).toEqual([]);
});

test('a body of more than 4.5 MB is refused with the cure', async () => {
  const answer = await speak({ input: 'x'.repeat(4_500_001) });
  expect(answer.statusCode).toBe(413);
  expect(errorOf(answer).message).toMatch(
    /at most 4500000 bytes; got \d+\. Send several requests, or the text/,
  );
});

describe('voices', () => {
  test('are those of a running machine', async () => {
    const voices = '{"voices":[{"id":"af_heart"}]}';
    machines.answers(200, 'application/json', voices);
    expect(await get('/v1/audio/voices')).toMatchObject({ statusCode: 200, body: voices });
    expect(machines.came).toMatchObject([{ method: 'GET', url: '/v1/audio/voices' }]);
  });

  test('are not known while no machine is running, with what to do', async () => {
    const answer = await get('/v1/audio/voices');
    expect(answer.statusCode).toBe(503);
    expect(answer.headers).toMatchObject({ 'retry-after': '59', 'x-should-retry': 'false' });
    expect(errorOf(answer).message).toMatch(
      /^No machine is running, .* POST \/v1\/audio\/speech, which starts/,
    );
  });
});

test('models are the deployed one and OpenAI’s names', async () => {
  const change = { model: 'kokoro-82m' };
  const { data } = bodyOf<{ data: { id: string }[] }>(await get('/v1/models', undefined, change));
  expect(data.map(({ id }) => id)).toEqual([
    'kokoro-82m',
    MODEL,
    'tts-1-hd',
    'gpt-4o-mini-tts',
    'gpt-4o-mini-tts-2025-12-15',
  ]);
  expect((await get('/v1/models/whisper-1', 'whisper-1', change)).statusCode).toBe(404);
});
