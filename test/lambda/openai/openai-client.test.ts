import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import {
  GetObjectCommand,
  type GetObjectCommandOutput,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import {
  DynamoDBDocumentClient,
  GetCommand,
  TransactWriteCommand,
  UpdateCommand,
} from '@aws-sdk/lib-dynamodb';
import { mockClient } from 'aws-sdk-client-mock';
import OpenAI, { AuthenticationError, InternalServerError, RateLimitError, toFile } from 'openai';
import Newest from 'openai-newest';
import Oldest from 'openai-oldest';
import type { IdempotencyRow, JobRow } from '../../../core/contract/job';
import { httpHandler } from '../../../lambda/frame/http';
import { JobStore } from '../../../core/jobs/job-store';
import { s3Client } from '../../../lambda/frame/s3-client';
import { transcribeAudio } from '../../../lambda/openai/transcribe-audio';
import diarized from '../../fixtures/contract/Transcript.diarized.json';
import { LoadBalancer } from '../../support/load-balancer';
import { ended, lambdaContext, request, silenceConsole, TABLE } from '../../support/support';

// OpenAI's own client, unchanged, sends requests to the handler.

const dynamo = mockClient(DynamoDBDocumentClient);
const s3 = mockClient(S3Client);
const machines = new LoadBalancer();
const handler = httpHandler(
  () => ({
    store: new JobStore(DynamoDBDocumentClient.from(new DynamoDBClient()), TABLE),
    s3: s3Client(),
    bucket: 'media',
    deployed: { transcription: {} },
    uploadExpirySeconds: 900,
    retentionDays: 7,
    maxAudioSeconds: 36_000,
    machinesUrl: machines.url,
    waitSeconds: 20,
    maxUploadBytes: 1_000_000,
    limits: { keepSeconds: 28, jobSeconds: 0 },
  }),
  transcribeAudio,
);

/** The authorizer's answers by key. For any other key it returns a tenant. */
const KEYS: Record<string, object> = {
  'Bearer sk-spotscribe-revoked': {},
  'Bearer sk-spotscribe-spent': { tenant: 'acme', key_id: 'key_2', units_per_day: '{"audio_second":60}' },
};
let requests = 0;
/** Called with the number of each request before it is handled. */
let onRequest: (number: number) => void = () => undefined;
/**
 * Seconds after which the client retries, instead of the received `Retry-After`, which is checked.
 */
let retryAfter: number | undefined;
/** The job in the table. */
let job: JobRow | undefined;
let remembered: IdempotencyRow | undefined;

/** Acts as the HTTP API: encodes the body in base64 and returns the answer's body unchanged. */
const gateway = createServer((incoming, outgoing) => {
  requests++;
  void (async () => {
    const body = await buffer(incoming);
    const event = request({
      body: body.toString('base64'),
      base64: true,
      headers: incoming.headers as Record<string, string>,
      path: incoming.url,
    });
    event.requestContext.timeEpoch = Date.now();
    event.requestContext.requestId = `request-${requests}`;
    const [, model] = /^\/v1\/models\/(.+)$/.exec(incoming.url ?? '') ?? [];
    if (model !== undefined) event.pathParameters = { id: decodeURIComponent(model) };
    const known = KEYS[incoming.headers.authorization ?? ''];
    if (known !== undefined) event.requestContext.authorizer = { lambda: known };
    onRequest(requests);
    const answer = await handler(event, lambdaContext);
    if (retryAfter !== undefined && answer.headers?.['retry-after'] !== undefined)
      answer.headers['retry-after'] = retryAfter;
    outgoing.writeHead(answer.statusCode ?? 200, answer.headers as Record<string, string>).end(answer.body);
  })();
});
let openai: OpenAI;
let baseURL: string;

beforeAll(async () => {
  await machines.start();
  gateway.listen(0, '127.0.0.1');
  await once(gateway, 'listening');
  const { port } = gateway.address() as AddressInfo;
  baseURL = `http://127.0.0.1:${port}/v1`;
  openai = new OpenAI({ apiKey: 'sk-spotscribe-test', baseURL });
});
afterAll(async () => {
  gateway.closeAllConnections();
  gateway.close();
  await machines.stop();
});
beforeEach(() => {
  silenceConsole();
  dynamo.reset();
  s3.reset();
  job = remembered = undefined;
  dynamo.on(TransactWriteCommand).callsFake(({ TransactItems: [once, made] }) => {
    [remembered, job] = [once.Put.Item, { ...made.Put.Item, status: 'queued' }];
    return {};
  });
  dynamo
    .on(GetCommand)
    .callsFake(({ Key: { id } }) => ({ Item: [job, remembered].find((row) => row?.id === id) }));
  dynamo.on(UpdateCommand).callsFake(() => ({ Attributes: job }));
  s3.on(GetObjectCommand).resolves({
    Body: { transformToString: async () => JSON.stringify(diarized) } as GetObjectCommandOutput['Body'],
  });
  s3.on(PutObjectCommand).resolves({});
});
afterEach(() => jest.restoreAllMocks());

const AUDIO = Buffer.from([0, 255, 13, 10, 45, 45, 128]);
const file = () => toFile(AUDIO, 'talk.mp3');
const asleep = () => machines.answers(503, 'text/html', '<html>503</html>');

test('gets a transcript synchronously', async () => {
  machines.answers(200, 'application/json', '{"text":"hello","usage":{"type":"duration","seconds":2}}');
  expect(await openai.audio.transcriptions.create({ file: await file(), model: 'whisper-1' })).toMatchObject({
    text: 'hello',
  });
  expect(machines.came[0]!.body.includes(AUDIO)).toBe(true);
});

test('gets subtitles as text', async () => {
  machines.answers(200, 'application/x-subrip; charset=utf-8', '1\n…');
  const options = { file: await file(), model: 'whisper-1', response_format: 'srt' } as const;
  expect(await openai.audio.transcriptions.create(options)).toBe('1\n…');
});

test('reads events that arrive all together', async () => {
  const events = [
    '{"type":"transcript.text.delta","delta":"hi"}',
    '{"type":"transcript.text.done","text":"hi"}',
  ];
  machines.answers(
    200,
    'text/event-stream; charset=utf-8',
    events.map((event) => `data: ${event}\n\n`).join(''),
  );
  const stream = await openai.audio.transcriptions.create({
    file: await file(),
    model: 'gpt-4o-transcribe',
    stream: true,
  });
  const types = [];
  for await (const { type } of stream) types.push(type);
  expect(types).toEqual(['transcript.text.delta', 'transcript.text.done']);
});

describe('without a synchronous answer', () => {
  /** Ends the job after the given number of requests. */
  let ends: () => void = () => undefined;
  let asksBefore = 0;

  beforeEach(() => {
    requests = 0;
    asleep();
    // The transcript is ready when the client asks again.
    onRequest = (number) => (number > asksBefore ? ends() : undefined);
    ends = () => job !== undefined && (job = { ...job, status: 'succeeded', transcript_key: 'transcript' });
    asksBefore = 1;
    retryAfter = 0.01;
  });
  afterEach(() => {
    onRequest = () => undefined;
    retryAfter = undefined;
  });

  test.each<['json' | 'text' | 'srt' | 'vtt' | 'verbose_json' | 'diarized_json', RegExp]>([
    ['json', /^\{"text":"Take 250/],
    ['text', /^"Take 250/],
    ['srt', /^"1\\n00:00:00,480 -->/],
    ['vtt', /^"WEBVTT\\n/],
    ['verbose_json', /"language":"english"/],
    ['diarized_json', /"speaker":"A"/],
  ])('its default retries end in the transcript of the job, as %s', async (response_format, content) => {
    const answer: unknown = await openai.audio.transcriptions.create({
      file: await file(),
      model: 'whisper-1',
      response_format,
    });
    expect(JSON.stringify(answer)).toMatch(content);
    expect(requests).toBe(2);
    expect(dynamo.commandCalls(TransactWriteCommand)).toHaveLength(1);
  });

  test('its default retries end in the events of the job', async () => {
    const stream = await openai.audio.transcriptions.create({
      file: await file(),
      model: 'whisper-1',
      stream: true,
    });
    const events = [];
    for await (const event of stream) events.push(event);
    expect(events.at(-1)).toMatchObject({ type: 'transcript.text.done', text: diarized.text });
  });

  test.each(['json', 'text', 'srt'] as const)(
    'it raises an error that names the job after the last retry, as %s',
    async (response_format) => {
      asksBefore = Infinity;
      const answer = openai.audio.transcriptions.create({
        file: await file(),
        model: 'whisper-1',
        response_format,
      });
      await expect(answer).rejects.toThrow(InternalServerError);
      await expect(answer).rejects.toMatchObject({
        status: 503,
        code: 'not_ready',
        error: { job_id: job!.id },
        message: expect.stringContaining(job!.id),
      });
      expect(requests).toBe(3);
    },
  );

  test('it raises the error of a failed job without a retry', async () => {
    job = ended('failed', { error: { code: 'attempts_exhausted', message: 'no' } });
    const body = new FormData();
    body.append('job', job.id);
    const answer = openai.post('/audio/transcriptions', { body });
    await expect(answer).rejects.toMatchObject({ status: 500, code: 'attempts_exhausted' });
    expect(requests).toBe(1);
  });
});

test('does not retry if a retry cannot help', async () => {
  asleep();
  const options = { file: await file(), model: 'whisper-1' };
  await expect(
    openai.audio.transcriptions.create(options, { headers: { prefer: 'wait=5' } }),
  ).rejects.toMatchObject({ status: 503, code: 'busy' });
  expect(machines.came).toHaveLength(1);
});

test('gets a translation on its own route', async () => {
  machines.answers(200, 'application/json', '{"text":"hello"}');
  expect(await openai.audio.translations.create({ file: await file(), model: 'whisper-1' })).toEqual({
    text: 'hello',
  });
  expect(machines.came[0]!.url).toBe('/v1/audio/translations');
});

test('finds models while no machine is running', async () => {
  asleep();
  const names = [];
  for await (const { id } of openai.models.list()) names.push(id);
  expect(names).toContain('whisper-1');
});

test('raises its own errors for a revoked key and a used-up quota, without a retry', async () => {
  dynamo
    .on(GetCommand)
    .callsFake(({ Key: { id } }) => (String(id).startsWith('usage#') ? { Item: { seconds: 60 } } : {}));
  const options = { file: await file(), model: 'whisper-1' };
  requests = 0;
  const revoked = openai.withOptions({ apiKey: 'sk-spotscribe-revoked' });
  const refusal = revoked.audio.transcriptions.create(options);
  await expect(refusal).rejects.toThrow(AuthenticationError);
  await expect(refusal).rejects.toMatchObject({ status: 401, code: 'unauthorized' });
  const spent = openai.withOptions({ apiKey: 'sk-spotscribe-spent' });
  const limit = spent.audio.transcriptions.create(options);
  await expect(limit).rejects.toThrow(RateLimitError);
  await expect(limit).rejects.toMatchObject({ status: 429, code: 'quota_exceeded' });
  expect(requests).toBe(2);
});

describe('requests of current clients for gpt-transcribe', () => {
  /** Only the request matters here: the job that it creates shows how it was understood. */
  const ask = async (more: Partial<Newest.Audio.TranscriptionCreateParamsNonStreaming>) => {
    asleep();
    const client = new Newest({ apiKey: 'sk-spotscribe-test', baseURL });
    await client.audio.transcriptions.create(
      { file: await file(), model: 'gpt-transcribe', ...more },
      { headers: { prefer: 'respond-async' } },
    );
    return job?.options;
  };

  test.each<[Partial<Newest.Audio.TranscriptionCreateParamsNonStreaming>, object]>([
    [{ keywords: ['Ada Lovelace', 'Babbage'] }, { hotwords: 'Ada Lovelace, Babbage' }],
    [{ languages: ['en', 'de'] }, { languages: ['en', 'de'] }],
    [{ languages: ['en'] }, { language: 'en' }],
    [{ language: 'en-US' }, { language: 'en' }],
    [{ chunking_strategy: 'auto' }, {}],
    [{ chunking_strategy: { type: 'server_vad', threshold: 0.5, prefix_padding_ms: 300 } }, {}],
    [{ timestamp_granularities: ['word', 'segment'], response_format: 'verbose_json' }, {}],
    [{ response_format: 'json', temperature: 0, stream: false, prompt: 'Hm.' }, { prompt: 'Hm.' }],
  ])('%j is understood', async (more, options) => expect(await ask(more)).toEqual(options));

  test('raise an error with the field and the request’s id', async () => {
    const refusal = ask({ keywords: ['x'.repeat(101)] });
    await expect(refusal).rejects.toMatchObject({
      status: 400,
      code: 'invalid_request',
      param: 'keywords.0',
      requestID: expect.stringMatching(/^request-/),
    });
  });
});

// The oldest supported client: 3.x used another protocol.
describe.each([
  ['newest', () => new Newest({ apiKey: 'sk-spotscribe-test', baseURL })],
  ['oldest', () => new Oldest({ apiKey: 'sk-spotscribe-test', baseURL })],
] as [string, () => Newest][])('the %s client that is supported', (_, make) => {
  test('gets a transcript, its subtitles and events', async () => {
    const client = make();
    machines.answers(200, 'application/json', '{"text":"hello","languages":[{"code":"en"}]}');
    const options = { file: await file(), model: 'whisper-1' };
    expect(await client.audio.transcriptions.create(options)).toMatchObject({ text: 'hello' });
    expect(machines.came[0]!.body.includes(AUDIO)).toBe(true);
    expect(await client.audio.translations.create(options)).toMatchObject({ text: 'hello' });
  });

  test('finds one model, and raises NotFoundError for another', async () => {
    asleep();
    expect(await make().models.retrieve('whisper-1')).toMatchObject({ id: 'whisper-1', object: 'model' });
    await expect(make().models.retrieve('gpt-5')).rejects.toMatchObject({
      status: 404,
      code: 'model_not_found',
    });
  });

  test('raises the gateway’s refusals as its own errors', async () => {
    const spent = make();
    spent.apiKey = 'sk-spotscribe-revoked';
    await expect(spent.models.list()).rejects.toMatchObject({ status: 401, code: 'unauthorized' });
  });
});
