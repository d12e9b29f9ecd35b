import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { DynamoDBClient, TransactionCanceledException } from '@aws-sdk/client-dynamodb';
import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import {
  DynamoDBDocumentClient,
  GetCommand,
  TransactWriteCommand,
  UpdateCommand,
} from '@aws-sdk/lib-dynamodb';
import { mockClient } from 'aws-sdk-client-mock';
import type { IdempotencyRow, JobRow } from '../../../core/contract/job';
import { httpHandler } from '../../../lambda/frame/http';
import type { Request } from '../../../lambda/frame/caller';
import { JobStore } from '../../../core/jobs/job-store';
import { MODEL_ALIASES } from '../../../core/models/model-names';
import { s3Client } from '../../../lambda/frame/s3-client';
import { type Dependencies, transcribeAudio } from '../../../lambda/openai/transcribe-audio';
import { LoadBalancer } from '../../support/load-balancer';
import {
  awsError,
  bodyOf,
  conditionFailed,
  errorOf,
  lambdaContext,
  request,
  silenceConsole,
  TABLE,
} from '../../support/support';

const dynamo = mockClient(DynamoDBDocumentClient);
const s3 = mockClient(S3Client);
const machines = new LoadBalancer();
let dependencies: Dependencies;

// Bytes that are neither valid text nor the end of a part.
const AUDIO = Buffer.concat([randomBytes(200_000), Buffer.from('\r\n--\r\n\0'), randomBytes(1000)]);
const OURS = (code: string, message = 'no') =>
  JSON.stringify({ error: { message, type: 'server_error', param: null, code } });
const ALB_503 = '<html><head><title>503 Service Temporarily Unavailable</title></head></html>';

beforeAll(async () => {
  await machines.start();
  dependencies = {
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
    // A request without a transcript is answered at once.
    limits: { keepSeconds: 28, jobSeconds: 0 },
  };
});
afterAll(() => machines.stop());
beforeEach(() => {
  silenceConsole();
  dynamo.reset();
  s3.reset();
  dynamo.on(GetCommand).resolves({});
  dynamo.on(TransactWriteCommand).resolves({});
  // The row after the update.
  dynamo.on(UpdateCommand).callsFake(() => ({ Attributes: { ...stored()[0], status: 'queued' } }));
  s3.on(PutObjectCommand).resolves({});
});
afterEach(() => jest.restoreAllMocks());

const stored = () =>
  dynamo
    .commandCalls(TransactWriteCommand)
    .map(({ args }) => args[0].input.TransactItems![1]!.Put!.Item as JobRow);
const uploads = () => s3.commandCalls(PutObjectCommand).map(({ args }) => args[0].input);

type Part = [name: string, value: string] | [name: string, value: Buffer, file: string];

/** A form as clients write it. */
async function form(...parts: Part[]): Promise<{ body: Buffer; type: string }> {
  const data = new FormData();
  for (const [name, value, file] of parts) {
    if (typeof value === 'string') data.append(name, value);
    else data.append(name, new Blob([new Uint8Array(value)], { type: 'audio/mpeg' }), file);
  }
  const made = new Response(data);
  return { body: Buffer.from(await made.arrayBuffer()), type: made.headers.get('content-type')! };
}

const FILE: Part = ['file', AUDIO, 'talk.mp3'];

interface Options {
  headers?: Record<string, string>;
  path?: string;
  tenant?: string;
  /** Seconds of audio that the key may use each day. */
  quota?: number;
  /** Age of the request in milliseconds. */
  age?: number;
  change?: Partial<Dependencies>;
}

/** Sends a body as the gateway does, and returns the answer. */
function send({ body, type }: { body: Buffer; type: string }, options: Options = {}) {
  const { headers, path = '/v1/audio/transcriptions', tenant, quota, age = 0, change } = options;
  const event: Request = request({
    body: body.toString('base64'),
    base64: true,
    headers: { 'content-type': type, ...headers },
    path,
    tenant,
    quota,
  });
  event.requestContext.timeEpoch = Date.now() - age;
  return httpHandler(() => ({ ...dependencies, ...change }), transcribeAudio)(event, lambdaContext);
}

const post = async (parts: Part[] = [FILE], options?: Options) => send(await form(...parts), options);

/**
 * Checks the answer for a recording that became a job: it names the job, and is a success only if a
 * job was requested.
 */
function expectJob(response: Awaited<ReturnType<typeof post>>, status: 202 | 503 = 503) {
  expect(response.statusCode).toBe(status);
  const [row, ...more] = stored();
  expect(more).toEqual([]);
  expect(row).toMatchObject({ tenant: 'acme', key_id: 'key_1', origin: 'api', status: 'awaiting_upload' });
  const { id, name } = row!;
  expect(response.headers).toMatchObject({
    location: `/v1/jobs/${id}`,
    'x-spotscribe-job': id,
    'retry-after': expect.stringMatching(/^\d+$/),
  });
  expect(uploads()).toMatchObject([{ Bucket: 'media', Key: `jobs/${id}/input` }]);
  expect(AUDIO.equals(uploads()[0]!.Body as Buffer)).toBe(true);
  if (status === 202) expect(bodyOf(response)).toMatchObject({ object: 'job', id, status: 'queued' });
  else expect(errorOf(response)).toMatchObject({ code: 'not_ready', job_id: id });
  return { name, seconds: Number(response.headers['retry-after']) };
}

describe('while a machine is running', () => {
  test.each([
    ['application/json', '{"text":"hello","usage":{"type":"duration","seconds":2}}'],
    ['application/x-subrip; charset=utf-8', '1\n00:00:00,000 --> 00:00:01,000\n¿Qué? 你好\n'],
    ['text/plain; charset=utf-8', 'data: {"error": {"code": "internal"}}\n'],
  ])('its answer is passed on unchanged: %s', async (type, body) => {
    machines.answers(200, type, body, { 'x-spotscribe-degraded': 'diarization', 'x-other': 'kept back' });
    const response = await post();
    expect(response).toEqual({
      statusCode: 200,
      headers: { 'content-type': type, 'x-spotscribe-degraded': 'diarization' },
      body,
    });
    expect(stored()).toEqual([]);
    expect(s3.calls()).toHaveLength(0);
  });

  test('it gets the unchanged form on the same route, without the key', async () => {
    machines.answers(200, 'application/json', '{"text":""}');
    const sent = await form(FILE, ['response_format', 'srt'], ['max_line_width', '30']);
    await send(sent, {
      path: '/v1/audio/translations',
      headers: { authorization: 'Bearer sk-spotscribe-x' },
    });
    expect(machines.came).toMatchObject([
      { method: 'POST', url: '/v1/audio/translations', headers: { 'content-type': sent.type } },
    ]);
    expect(sent.body.equals(machines.came[0]!.body)).toBe(true);
    expect(machines.came[0]!.headers).not.toHaveProperty('authorization');
  });

  test.each([
    [400, 'invalid_request'],
    [404, 'model_not_found'],
    [415, 'unsupported_media_type'],
    [422, 'bad_audio'],
  ])('its refusal (%i) is passed on, and no job is created', async (status, code) => {
    machines.answers(status, 'application/json', OURS(code));
    const response = await post();
    expect(response.statusCode).toBe(status);
    expect(errorOf(response).code).toBe(code);
    expect(stored()).toEqual([]);
  });

  test('events arrive all together', async () => {
    const events =
      'data: {"type":"transcript.text.delta","delta":"hi"}\n\ndata: {"type":"transcript.text.done","text":"hi"}\n\n';
    machines.answers(200, 'text/event-stream', events);
    const response = await post([FILE, ['stream', 'true']]);
    expect(response).toMatchObject({
      statusCode: 200,
      headers: { 'content-type': 'text/event-stream' },
      body: events,
    });
  });

  test('an error event is passed on if it is permanent, and creates a job otherwise', async () => {
    machines.answers(200, 'text/event-stream', `data: ${OURS('bad_audio')}\n\n`);
    const refused = await post([FILE, ['stream', 'true']]);
    expect(refused).toMatchObject({ statusCode: 422, headers: { 'content-type': 'application/json' } });
    expect(errorOf(refused).code).toBe('bad_audio');
    expect(stored()).toEqual([]);
    machines.answers(200, 'text/event-stream', `data: {"type":"x"}\n\ndata: ${OURS('internal')}\n\n`);
    expectJob(await post([FILE, ['stream', 'true']]));
  });

  test('an incomplete stream of events creates a job', async () => {
    machines.answers(200, 'text/event-stream', 'data: {"type":"transcript.text.delta","delta":"hi"}\n\n');
    expectJob(await post([FILE, ['stream', 'true']]));
  });
});

describe('a recording becomes a job', () => {
  test.each<[string, () => void]>([
    ['the load balancer has no machine', () => machines.answers(503, 'text/html', ALB_503)],
    [
      'the machine no longer exists',
      () => machines.answers(502, 'text/html', '<html>502 Bad Gateway</html>'),
    ],
    ['the load balancer timed out', () => machines.answers(504, 'text/html', '<html>504</html>')],
    ['another server responds', () => machines.answers(503, 'application/json', '{"error":"x"}')],
    [
      'the answer is a redirect',
      () => machines.answers(302, 'text/html', '', { location: 'http://127.0.0.1:1/' }),
    ],
    ['the connection is reset', () => machines.does((request) => request.socket.resetAndDestroy())],
    [
      'the connection is reset in the middle of the answer',
      () =>
        machines.does((request, response) => {
          response.writeHead(200, { 'content-type': 'application/json', 'content-length': 100 });
          response.write('{"text":"he', () => request.socket.resetAndDestroy());
        }),
    ],
  ])('if %s, with the longest Retry-After, while a machine starts', async (_, does) => {
    does();
    const { name, seconds } = expectJob(await post());
    expect(name).toBe('talk.mp3');
    expect(seconds).toBe(59);
    expect(machines.came).toHaveLength(1);
  });

  test('if the connection is refused', async () => {
    const closed = new LoadBalancer();
    await closed.start();
    const { url } = closed;
    await closed.stop();
    expectJob(await post([FILE], { change: { machinesUrl: url } }));
  });

  test.each([
    [429, 'busy'],
    [503, 'model_missing'],
    [503, 'internal'],
    [500, 'internal'],
  ])('if the service cannot do it now (%i %s)', async (status, code) => {
    machines.answers(status, 'application/json', OURS(code), { 'retry-after': '10' });
    const { seconds } = expectJob(await post());
    expect(seconds).toBeLessThan(59);
  });

  test('if the machine takes too long, and the machine stops working on it', async () => {
    machines.does(() => undefined);
    expectJob(await post([FILE], { change: { waitSeconds: 0.2 } }));
    await machines.abandoned();
  });

  test('if no time is left after a cold start', async () => {
    machines.does(() => undefined);
    expectJob(await post([FILE], { age: 20_001 }));
    expect(machines.came).toHaveLength(0);
  });

  test('if the answer is too long', async () => {
    machines.answers(200, 'application/json', JSON.stringify({ text: 'x'.repeat(4_500_001) }));
    expectJob(await post());
  });

  test('which the bucket’s event may have queued already', async () => {
    machines.answers(503, 'text/html', ALB_503);
    dynamo.on(UpdateCommand).rejects(conditionFailed());
    dynamo
      .on(GetCommand)
      .callsFake(({ Key }) =>
        /^job_/.test(String(Key.id)) ? { Item: { ...stored()[0], status: 'queued' } } : {},
      );
    expectJob(await post());
  });

  test('even if it cannot be marked as queued: the bucket’s event does that', async () => {
    machines.answers(503, 'text/html', ALB_503);
    dynamo.on(UpdateCommand).rejects(awsError('ProvisionedThroughputExceededException'));
    expectJob(await post());
  });

  test('with the options of the form', async () => {
    machines.answers(503, 'text/html', ALB_503);
    const fields: Part[] = [
      ['model', 'gpt-4o-transcribe-diarize'],
      ['language', 'de'],
      ['prompt', 'Guten Tag.'],
      ['hotwords', 'Ibuprofen'],
      ['min_speakers', '2'],
      ['max_speakers', '4'],
      ['speaker_cleanup[]', 'none'],
      ['response_format', 'srt'],
      ['chunking_strategy[type]', 'server_vad'],
    ];
    expectJob(await post([...fields, FILE]));
    expect(stored()[0]).toMatchObject({
      stages: { transcript: 'waiting', diarization: 'waiting' },
      options: {
        language: 'de',
        prompt: 'Guten Tag.',
        hotwords: 'Ibuprofen',
        diarize: true,
        min_speakers: 2,
        max_speakers: 4,
        speaker_cleanup: [],
      },
    });
    expect(stored()[0]!.options).not.toHaveProperty('task');
  });

  test('with the task translate', async () => {
    machines.answers(503, 'text/html', ALB_503);
    expectJob(await post([FILE, ['model', 'whisper-1']], { path: '/v1/audio/translations' }));
    expect(stored()[0]!.options).toEqual({ task: 'translate' });
  });

  test.each<[param: string, value: string]>([
    ['temperature', '0.4'],
    ['model', 'whisper-large-v2'],
  ])('unless jobs do not support a field, which is refused: %s', async (name, value) => {
    machines.answers(503, 'text/html', ALB_503);
    const response = await post([FILE, ['diarize', 'true'], [name, value]]);
    expect(response.statusCode).toBe(503);
    expect(response.headers).toMatchObject({ 'x-should-retry': 'false' });
    const param = name.replace('[]', '');
    expect(errorOf(response)).toMatchObject({ param, message: expect.stringContaining(param) });
    expect(stored()).toEqual([]);
  });

  test.each([
    ['../../etc/passwd', 'passwd'],
    ['..\\..\\boot.ini', 'boot.ini'],
    ['تسجيل.mp3', 'تسجيل.mp3'],
    ['a\u202Egpj.exe', 'agpj.exe'],
  ])('whose key never contains the file name %j', async (name, shown) => {
    machines.answers(503, 'text/html', ALB_503);
    await post([['file', AUDIO, name]]);
    expect(stored()[0]!.name).toBe(shown);
    expect(uploads()[0]!.Key).toMatch(/^jobs\/job_[0-9a-f]{32}\/input$/);
  });
});

describe('no answered recording is lost', () => {
  beforeEach(() => machines.answers(503, 'text/html', ALB_503));

  test.each(['SlowDown', 'AccessDenied'])(
    'and without the bucket (%s), the created job is named',
    async (name) => {
      s3.on(PutObjectCommand).rejects(awsError(name));
      const response = await post();
      expect(response.statusCode).toBe(503);
      expect(response.headers).toMatchObject({ 'retry-after': '5' });
      expect(errorOf(response)).toMatchObject({
        code: 'busy',
        type: 'server_error',
        job_id: stored()[0]!.id,
      });
    },
  );

  test('and without the table, no job is named and no audio is stored', async () => {
    dynamo.on(TransactWriteCommand).rejects(awsError('ProvisionedThroughputExceededException'));
    const response = await post();
    expect(response.statusCode).toBe(503);
    expect(response.headers).toMatchObject({ 'retry-after': '5' });
    expect(response.headers).not.toHaveProperty('x-spotscribe-job');
    expect(s3.calls()).toHaveLength(0);
  });

  test('and if the bucket hangs, the answer arrives before the gateway’s timeout', async () => {
    s3.on(PutObjectCommand).callsFake(() => new Promise(() => undefined));
    const response = await post([FILE], { age: 27_900 });
    expect(response.statusCode).toBe(503);
    expect(response.headers).toMatchObject({ 'retry-after': '5' });
  });
});

describe('a request that is repeated with its Idempotency-Key', () => {
  const repeat = (parts: Part[] = [FILE, ['language', 'en']]) =>
    post(parts, { headers: { 'idempotency-key': 'k1' } });

  /** Creates a job with the key. The table returns its current state from then on. */
  async function made(change: Partial<JobRow>) {
    machines.answers(503, 'text/html', ALB_503);
    await repeat();
    const [items] = dynamo.commandCalls(TransactWriteCommand).map(({ args }) => args[0].input.TransactItems!);
    const [idempotency, job] = items!.map(({ Put }) => Put!.Item) as [IdempotencyRow, JobRow];
    dynamo.on(TransactWriteCommand).rejects(new TransactionCanceledException({ message: '', $metadata: {} }));
    dynamo.on(GetCommand, { Key: { id: idempotency.id } }).resolves({ Item: idempotency });
    dynamo.on(GetCommand, { Key: { id: job.id } }).resolves({ Item: { ...job, ...change } });
    s3.resetHistory();
    return job;
  }

  test('gets the same job with any form boundary, and is not stored twice', async () => {
    const job = await made({ status: 'running' });
    const response = await repeat();
    expect(response.statusCode).toBe(503);
    expect(response.headers).toMatchObject({ location: `/v1/jobs/${job.id}` });
    expect(errorOf(response)).toMatchObject({ job_id: job.id, message: expect.stringContaining('running') });
    expect(uploads()).toEqual([]);
  });

  test('stores the audio if the first request failed before it did so', async () => {
    const job = await made({ status: 'awaiting_upload' });
    expect((await repeat()).headers).toMatchObject({ 'x-spotscribe-job': job.id });
    expect(uploads()).toMatchObject([{ Key: job.input_key }]);
  });

  test('is refused with another recording, or other options', async () => {
    await made({});
    for (const parts of [
      [FILE],
      [
        ['file', Buffer.from('other'), 'talk.mp3'],
        ['language', 'en'],
      ],
    ] as Part[][]) {
      const response = await repeat(parts);
      expect(response.statusCode).toBe(409);
      expect(errorOf(response).code).toBe('idempotency_conflict');
    }
  });
});

describe('Prefer', () => {
  const prefer = (value: string, parts?: Part[], change?: Partial<Dependencies>) =>
    post(parts, { headers: { prefer: value }, change });

  test('respond-async creates a job at once, without asking a machine', async () => {
    machines.answers(200, 'application/json', '{"text":"hello"}');
    const response = await prefer('respond-async');
    const { seconds } = expectJob(response, 202);
    expect(response.headers).toMatchObject({ 'preference-applied': 'respond-async' });
    expect(machines.came).toHaveLength(0);
    expect(seconds).toBeLessThan(60);
  });

  test('respond-async refuses fields that jobs do not support', async () => {
    const response = await prefer('respond-async', [FILE, ['stream', 'true']]);
    expect(response.statusCode).toBe(400);
    expect(errorOf(response)).toMatchObject({ param: 'stream', code: 'invalid_request' });
    expect(stored()).toEqual([]);
  });

  test('respond-async, wait=N is answered synchronously within that time', async () => {
    machines.answers(200, 'application/json', '{"text":"hello"}');
    const response = await prefer('respond-async, wait=5');
    expect(response.statusCode).toBe(200);
    expect(response.headers).not.toHaveProperty('preference-applied');
  });

  test('respond-async, wait=N becomes a job after that time', async () => {
    machines.does(() => undefined);
    const response = await prefer('wait=1, respond-async');
    expectJob(response, 202);
    expect(response.headers).toMatchObject({ 'preference-applied': 'respond-async' });
    expect(machines.came).toHaveLength(1);
  });

  test('wait=N never creates a job: the answer says how to start a machine', async () => {
    machines.answers(503, 'text/html', ALB_503);
    const response = await prefer('wait=10');
    expect(response.statusCode).toBe(503);
    expect(response.headers).toMatchObject({ 'retry-after': '185', 'x-should-retry': 'false' });
    expect(errorOf(response)).toMatchObject({
      code: 'busy',
      message: expect.stringContaining('respond-async'),
    });
    expect(stored()).toEqual([]);
  });

  test('wait=N reports that it took too long', async () => {
    machines.does(() => undefined);
    const response = await prefer('wait=10', [FILE], { waitSeconds: 0.2 });
    expect(response.statusCode).toBe(504);
    expect(errorOf(response)).toMatchObject({ code: 'not_ready', type: 'server_error' });
    expect(response.headers).toMatchObject({ 'x-should-retry': 'false' });
    await machines.abandoned();
    expect(stored()).toEqual([]);
  });

  test('wait=N passes on that no machine has capacity', async () => {
    machines.answers(429, 'application/json', OURS('busy'), { 'retry-after': '10' });
    const response = await prefer('wait=10');
    expect(response.statusCode).toBe(429);
    expect(response.headers).toMatchObject({ 'retry-after': '10' });
    expect(errorOf(response).code).toBe('busy');
    expect(stored()).toEqual([]);
  });

  test('wait=N refuses an answer that is too long', async () => {
    machines.answers(200, 'application/json', 'x'.repeat(4_500_001));
    expect((await prefer('wait=10')).statusCode).toBe(400);
  });
});

describe('audio that was answered synchronously', () => {
  const AFTER = { 'x-spotscribe-audio-seconds': '12.500' };
  const counted = () =>
    dynamo
      .commandCalls(TransactWriteCommand)
      .flatMap(({ args }) => args[0].input.TransactItems ?? [])
      .flatMap(({ Update }) => Update ?? []);
  const used = (seconds: number) =>
    dynamo
      .on(GetCommand)
      .callsFake(({ Key }) => (String(Key.id).startsWith('usage#') ? { Item: { seconds } } : {}));

  test.each([
    ['application/json', '{"text":"hello"}'],
    ['application/x-subrip; charset=utf-8', '1\n…'],
    ['text/event-stream; charset=utf-8', 'data: {"type":"transcript.text.done","text":"hi"}\n\n'],
  ])('counts for the key in every format: %s', async (type, body) => {
    machines.answers(200, type, body, AFTER);
    used(100);
    const response = await post([FILE], { quota: 600 });
    expect(response).toMatchObject({ statusCode: 200, body });
    expect(response.headers).toMatchObject({ 'x-ratelimit-remaining-audio-seconds': '487' });
    expect(counted()).toMatchObject([
      {
        Key: { id: expect.stringMatching(/^usage#key_1#/) },
        ExpressionAttributeValues: { ':audio_second': 12.5 },
      },
    ]);
  });

  test('counts for a key without a quota, too, but the answer has no quota headers', async () => {
    machines.answers(200, 'application/json', '{"text":"hello"}', AFTER);
    const response = await post();
    expect(response.headers).toEqual({ 'content-type': 'application/json' });
    expect(counted()).toHaveLength(1);
  });

  test.each<[string, () => void]>([
    ['was refused', () => machines.answers(422, 'application/json', OURS('bad_audio'), AFTER)],
    [
      'failed within its events',
      () => machines.answers(200, 'text/event-stream', `data: ${OURS('bad_audio')}\n\n`, AFTER),
    ],
    [
      'has no known length',
      () => machines.answers(200, 'application/json', '{}', { 'x-spotscribe-audio-seconds': 'x' }),
    ],
    [
      'has none',
      () => machines.answers(200, 'application/json', '{}', { 'x-spotscribe-audio-seconds': '-1' }),
    ],
  ])('does not count if it %s', async (_, does) => {
    does();
    expect((await post()).headers).not.toHaveProperty('x-spotscribe-job');
    expect(counted()).toEqual([]);
  });

  test.each([awsError('InternalServerError'), awsError('AccessDeniedException')])(
    'is answered even if it could not be counted ($name)',
    async (error) => {
      machines.answers(200, 'application/json', '{"text":"hello"}', AFTER);
      dynamo.on(TransactWriteCommand).rejects(error);
      expect(await post()).toMatchObject({ statusCode: 200, body: '{"text":"hello"}' });
    },
  );

  test('is counted by a retry after a conflict at the counter', async () => {
    machines.answers(200, 'application/json', '{"text":"hello"}', AFTER);
    const reasons = [{ Code: 'None' }, { Code: 'TransactionConflict' }];
    const conflict = { message: '', CancellationReasons: reasons, $metadata: {} };
    dynamo.on(TransactWriteCommand).rejectsOnce(new TransactionCanceledException(conflict)).resolves({});
    await post();
    expect(counted()).toHaveLength(2);
  });
});

describe('a key whose quota is used up', () => {
  beforeEach(() =>
    dynamo
      .on(GetCommand)
      .callsFake(({ Key }) => (String(Key.id).startsWith('usage#') ? { Item: { seconds: 600 } } : {})),
  );

  test.each([{}, { prefer: 'respond-async' }, { prefer: 'wait=10' }])(
    'gets no answer and no job: %j',
    async (headers) => {
      machines.answers(200, 'application/json', '{"text":"never"}');
      const response = await post([FILE], { quota: 600, headers: headers as Record<string, string> });
      expect(response.statusCode).toBe(429);
      expect(errorOf(response)).toMatchObject({ code: 'quota_exceeded', type: 'rate_limit_error' });
      expect(response.headers).toMatchObject({ 'x-ratelimit-remaining-audio-seconds': '0' });
      expect(machines.came).toHaveLength(0);
      expect(stored()).toEqual([]);
      expect(s3.calls()).toHaveLength(0);
    },
  );

  test('still lists models', async () => {
    machines.answers(200, 'application/json', '{"object":"list","data":[]}');
    expect((await post([FILE], { quota: 600, path: '/v1/models' })).statusCode).toBe(200);
  });
});

describe('an invalid form', () => {
  const refused = async (response: ReturnType<typeof send>, status: number, message: RegExp) => {
    const answer = await response;
    expect(errorOf(answer).message).toMatch(message);
    expect(answer.statusCode).toBe(status);
    expect(machines.came).toHaveLength(0);
    expect(dynamo.calls()).toHaveLength(0);
    return errorOf(answer);
  };
  const raw = (body: string, type = 'multipart/form-data; boundary=x') =>
    send({ body: Buffer.from(body), type });
  const part = (headers: string, value: string) =>
    `--x\r\nContent-Disposition: form-data; ${headers}\r\n\r\n${value}`;

  beforeEach(() => machines.answers(200, 'application/json', '{"text":"never"}'));

  test('has another content type', async () => {
    const error = await refused(raw('{}', 'application/json'), 415, /got "application\/json"/);
    expect(error.code).toBe('unsupported_media_type');
    await refused(raw('', ''), 415, /multipart/);
  });

  test.each(['multipart/form-data; boundary=', 'multipart/form-data; charset=utf-8'])(
    'has no boundary: %s',
    async (type) =>
      void (await refused(raw(part('name="a"', 'b'), type), 400, /Content-Type must have a boundary/)),
  );

  test('has another boundary, or nothing in it', async () => {
    await refused(raw('--y\r\n\r\n'), 400, /does not contain the boundary/);
    await refused(raw(''), 400, /does not contain the boundary/);
    await refused(raw('--x--\r\n'), 400, /"file" is missing/);
  });

  test('has no end', async () => {
    const cutOff = /cut off: its closing boundary is missing/;
    await refused(raw(part('name="file"; filename="a.mp3"', 'abc')), 400, cutOff);
    await refused(raw(part('name="language"', 'abc')), 400, cutOff);
    await refused(raw('--x\r\nContent-Disposition: form-data; name="fi'), 400, cutOff);
  });

  test('has a part without a name, however large', async () => {
    const nameless = `--x\r\nContent-Type: text/plain\r\n\r\n${'y'.repeat(200_000)}\r\n--x--\r\n`;
    await refused(raw(nameless), 400, /A part of the form has no name/);
  });

  test('has a field that is too long, and gets a short answer', async () => {
    const long = await refused(
      post([FILE, ['model', 'm'.repeat(3_000_000)]]),
      400,
      /"model" must be at most/,
    );
    expect(long).toMatchObject({ param: 'model' });
    expect(long.message.length).toBeLessThan(300);
    const name = 'n'.repeat(10_000);
    const unknown = await refused(post([FILE, [name, 'x']]), 400, /is not a known field/);
    expect(JSON.stringify(unknown).length).toBeLessThan(500);
  });

  test('has no file, or a text field named file', async () => {
    expect(await refused(post([['language', 'en']]), 400, /"file" is missing/)).toMatchObject({
      param: 'file',
    });
    await refused(post([['file', 'text']]), 400, /"file" came as text/);
  });

  test('has two files, or one with another name', async () => {
    await refused(post([FILE, FILE]), 400, /two files/);
    await refused(post([['audio', AUDIO, 'a.mp3']]), 400, /as "audio"; name it "file"/);
  });

  test('has an empty file', async () => {
    const error = await refused(post([['file', Buffer.alloc(0), 'a.mp3']]), 422, /empty/);
    expect(error.code).toBe('bad_audio');
  });

  test('has a file that is too large', async () => {
    const error = await refused(
      post([['file', Buffer.alloc(1_000_001), 'a.mp3']]),
      413,
      /1000000 bytes; got 1000001/,
    );
    expect(error).toMatchObject({ code: 'upload_too_large', param: 'file' });
  });

  test('has too many fields', async () => {
    await refused(
      post([...Array.from({ length: 5000 }, (): Part => ['keywords[]', 'x']), FILE]),
      400,
      /more than 200 fields/,
    );
  });
});

describe('an invalid field', () => {
  test.each<[string, string[]]>([
    ['response_format', ['pdf']],
    ['language', ['Klingon']],
    ['timestamp_granularities', ['word']],
    ['temperature', ['hot']],
    ['temperature', ['1.5']],
    ['diarize', ['maybe']],
    ['min_speakers', ['0']],
    ['num_speakers', ['2.5']],
    ['num_speakers', ['2']],
    ['language', ['en', 'de']],
    ['include', ['logprobs']],
    ['callback', ['http://x']],
    ['__proto__', ['x']],
  ])('is refused before a job is created: %s = %j', async (name, values) => {
    machines.answers(503, 'text/html', ALB_503);
    const response = await post([FILE, ...values.map((value): Part => [name, value])]);
    expect(response.statusCode).toBe(400);
    expect(errorOf(response)).toMatchObject({ code: 'invalid_request', param: name });
    expect(dynamo.calls()).toHaveLength(0);
  });

  test('is also refused while a machine is running, and for respond-async', async () => {
    machines.answers(200, 'application/json', '{"text":"never"}');
    const wrong: Part[] = [FILE, ['stream', 'true'], ['response_format', 'srt']];
    for (const headers of [{}, { prefer: 'respond-async' }, { prefer: 'wait=10' }])
      expect(errorOf(await post(wrong, { headers: headers as Record<string, string> })).param).toBe('stream');
    expect(machines.came).toHaveLength(0);
  });
});

describe('a list', () => {
  const granularities = async (...parts: Part[]) => {
    machines.answers(200, 'application/json', '{"text":""}');
    const response = await post([FILE, ['response_format', 'verbose_json'], ...parts]);
    return response.statusCode === 200 ? 200 : errorOf(response).message;
  };

  test.each<[string, Part[]]>([
    ['by its name', [['timestamp_granularities', 'word']]],
    [
      'with brackets',
      [
        ['timestamp_granularities[]', 'word'],
        ['timestamp_granularities[]', 'segment'],
      ],
    ],
    [
      'by number',
      [
        ['timestamp_granularities[1]', 'word'],
        ['timestamp_granularities[0]', 'segment'],
      ],
    ],
  ])('is sent %s', async (_, parts) => expect(await granularities(...parts)).toBe(200));

  test('with indexes is in the order of its indexes', async () => {
    machines.answers(503, 'text/html', ALB_503);
    await post([FILE, ['keywords[10]', 'c'], ['keywords[2]', 'b'], ['keywords[0]', 'a']]);
    expect(stored()).toMatchObject([{ options: { hotwords: 'a, b, c' } }]);
  });

  test.each<[Part[], RegExp]>([
    [
      [
        ['timestamp_granularities[0]', 'word'],
        ['timestamp_granularities[]', 'segment'],
      ],
      /is sent in two ways/,
    ],
    [
      [
        ['timestamp_granularities[0]', 'word'],
        ['timestamp_granularities[00]', 'segment'],
      ],
      /repeats an index or a key/,
    ],
    [[['timestamp_granularities[0][1]', 'word']], /not a known field/],
    [[['timestamp_granularities[x]', 'word']], /segment/],
  ])('is refused if it is invalid: %j', async (parts, message) =>
    expect(await granularities(...parts)).toMatch(message),
  );
});

describe('GET /v1/models', () => {
  const models = () =>
    httpHandler(() => dependencies, transcribeAudio)(request({ path: '/v1/models' }), lambdaContext);

  test('is answered by a machine', async () => {
    machines.answers(200, 'application/json', '{"object":"list","data":[]}');
    expect(await models()).toMatchObject({ statusCode: 200, body: '{"object":"list","data":[]}' });
    expect(machines.came).toMatchObject([{ method: 'GET', url: '/v1/models' }]);
  });

  test('lists all names while no machine is running', async () => {
    machines.answers(503, 'text/html', ALB_503);
    const response = await models();
    expect(response.statusCode).toBe(200);
    const { object, data } = bodyOf<{ object: string; data: { id: string; object: string }[] }>(response);
    expect(object).toBe('list');
    expect(data.map(({ id }) => id)).toEqual([...MODEL_ALIASES]);
    expect(data.every((model) => model.object === 'model')).toBe(true);
  });

  const model = (id: string) =>
    httpHandler(() => ({ ...dependencies, model: 'large-v3-turbo' }), transcribeAudio)(
      request({ path: `/v1/models/${id}`, id }),
      lambdaContext,
    );

  test('of one is answered by a machine, including refusals', async () => {
    machines.answers(404, 'application/json', OURS('model_not_found'));
    const response = await model('org/tiny');
    expect([response.statusCode, errorOf(response).code]).toEqual([404, 'model_not_found']);
    expect(machines.came).toMatchObject([{ method: 'GET', url: '/v1/models/org%2Ftiny' }]);
  });

  test('of one finds only the deployed model and its aliases while no machine is running', async () => {
    machines.answers(503, 'text/html', ALB_503);
    for (const name of ['whisper-1', 'large-v3-turbo', 'openai/whisper-large-v3-turbo'])
      expect(bodyOf(await model(name))).toMatchObject({ id: name, object: 'model' });
    for (const name of ['medium', '', 'x'.repeat(5000), '\ud800']) {
      const response = await model(name);
      expect([response.statusCode, errorOf(response).code]).toEqual([404, 'model_not_found']);
      expect(errorOf(response).message.length).toBeLessThan(300);
    }
  });

  test('lists the names that the whisper service knows', () => {
    const python = readFileSync('docker/whisper/spotscribe_whisper/model_names.py', 'utf8');
    const named = new Map([...python.matchAll(/^(\w+) = "(.+)"$/gm)].map(([, name, value]) => [name, value]));
    const [, tuple] = /^ALIASES = \(([^)]*)\)/m.exec(python)!;
    const aliases = [...tuple!.matchAll(/"([^"]+)"|([A-Z_]+)/g)];
    expect(aliases.map(([, name, constant]) => name ?? named.get(constant))).toEqual([...MODEL_ALIASES]);
  });
});
