import { DynamoDBClient, TransactionCanceledException } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient, GetCommand, PutCommand, TransactWriteCommand } from '@aws-sdk/lib-dynamodb';
import { mockClient } from 'aws-sdk-client-mock';
import type { IdempotencyRow, JobRow } from '../../../core/contract/job';
import type { SubmitJobResponse } from '../../../core/contract/api';
import { httpHandler } from '../../../lambda/frame/http';
import { JobStore } from '../../../core/jobs/job-store';
import { s3Client } from '../../../lambda/frame/s3-client';
import { type Dependencies, submitJob } from '../../../lambda/api/submit-job';
import {
  awsError,
  bodyOf,
  errorOf,
  freezeTime,
  lambdaContext,
  NOW_SECONDS,
  request,
  silenceConsole,
  TABLE,
} from '../../support/support';

const dynamo = mockClient(DynamoDBDocumentClient);
const dependencies: Dependencies = {
  store: new JobStore(DynamoDBDocumentClient.from(new DynamoDBClient()), TABLE),
  voices: { list: async () => [] },
  s3: s3Client(),
  bucket: 'media',
  maxUploadBytes: 1000,
  deployed: { transcription: {} },
  uploadExpirySeconds: 900,
  retentionDays: 7,
};
const handler = httpHandler(() => dependencies, submitJob);
const post = (body?: unknown, headers?: Record<string, string>, tenant?: string) =>
  handler(
    request({ body: body === undefined ? undefined : JSON.stringify(body), headers, tenant }),
    lambdaContext,
  );

const stored = () => dynamo.commandCalls(PutCommand).map(({ args }) => args[0].input.Item as JobRow);
const uploadOf = (response: Parameters<typeof bodyOf>[0]) =>
  new URL(bodyOf<SubmitJobResponse>(response).upload!.url);

beforeEach(() => {
  freezeTime();
  silenceConsole();
  dynamo.reset();
  dynamo.on(PutCommand).resolves({});
});
afterEach(() => {
  jest.useRealTimers();
  jest.restoreAllMocks();
});

describe('a new job', () => {
  test('is stored and returned with its location and its upload URL', async () => {
    const response = await post({ name: 'meeting.mp3', size: 500, options: { language: 'en' } });
    const [job] = stored();
    expect(job).toEqual({
      tasks: { transcription: { language: 'en' } },
      id: expect.stringMatching(/^job_[0-9a-f]{32}$/),
      tenant: 'acme',
      key_id: 'key_1',
      status: 'awaiting_upload',
      name: 'meeting.mp3',
      origin: 'api',
      input_key: `jobs/${job!.id}/input`,
      options: { language: 'en' },
      created_at: '2026-03-01T12:00:00.000Z',
      updated_at: '2026-03-01T12:00:00.000Z',
      progress: 0,
      stages: { transcript: 'waiting' },
      degraded: [],
      attempt: 0,
      open: 'open',
      // Shortly after the upload URL has expired.
      sweep_at: NOW_SECONDS + 930,
      expires_at: NOW_SECONDS + 7 * 86_400,
    });
    expect(response.statusCode).toBe(201);
    expect(response.headers).toEqual({
      'content-type': 'application/json',
      location: `/v1/jobs/${job!.id}`,
    });
    expect(bodyOf(response)).toMatchObject({
      id: job!.id,
      object: 'job',
      status: 'awaiting_upload',
      upload: { method: 'PUT', headers: {}, expires_at: '2026-03-01T12:15:00.000Z' },
    });
  });

  test('requires no body and has a default name', async () => {
    expect((await post()).statusCode).toBe(201);
    expect(stored()).toMatchObject([{ name: 'input', options: {} }]);
  });

  test('belongs to the tenant of the key, whatever the body says', async () => {
    expect((await post({}, {}, 'globex')).statusCode).toBe(201);
    expect(stored()).toMatchObject([{ tenant: 'globex' }]);
    expect((await post({ tenant: 'acme' }, {}, 'globex')).statusCode).toBe(400);
  });

  test('has the priority of the request, which is normal by default', async () => {
    expect(bodyOf(await post({ priority: 'bulk' }))).toMatchObject({ priority: 'bulk' });
    expect(bodyOf(await post({ priority: 'normal' }))).toMatchObject({ priority: 'normal' });
    expect(bodyOf(await post({}))).toMatchObject({ priority: 'normal' });
    expect(stored().map(({ priority }) => priority)).toEqual(['bulk', undefined, undefined]);
  });

  test('has a diarization stage if it is requested', async () => {
    await post({ options: { diarize: true } });
    await post({ options: { diarize: false } });
    expect(stored().map(({ stages }) => stages)).toEqual([
      { transcript: 'waiting', diarization: 'waiting' },
      { transcript: 'waiting' },
    ]);
  });
});

describe('the upload URL', () => {
  test('is for the job’s own key and expires with the upload', async () => {
    const url = uploadOf(await post({}));
    expect(url.pathname).toBe(`/${stored()[0]!.input_key}`);
    expect(url.searchParams.get('X-Amz-Expires')).toBe('900');
    expect(url.searchParams.get('X-Amz-SignedHeaders')).toBe('host');
  });

  test('is only valid for the declared size', async () => {
    const url = uploadOf(await post({ size: 500 }));
    expect(url.searchParams.get('X-Amz-SignedHeaders')).toBe('content-length;host');
  });

  test('has no checksum, which the SDK would compute for an empty body', async () => {
    const names = [...uploadOf(await post({ size: 500 })).searchParams.keys()];
    expect(names.filter((name) => /checksum|sdk/i.test(name))).toEqual([]);
  });
});

describe('an invalid request', () => {
  test.each<[string, unknown, string, RegExp]>([
    [
      'an unknown field',
      { source: 'https://x' },
      'source',
      /^"source" is not valid: .*"source".*; got "https:/,
    ],
    ['an unknown priority', { priority: 'high' }, 'priority', /^"priority" .*; got "high"$/],
    ['an unknown option', { options: { model: 'x' } }, 'options.model', /^"options\.model" .*; got "x"$/],
    ['a name of another type', { name: 7 }, 'name', /^"name" is not valid: .*string.*; got 7$/],
    ['a name that is null', { name: null }, 'name', /; got null$/],
    [
      'a very long name',
      { name: 'x'.repeat(2000) },
      'name',
      /^"name" is not valid: .*1024.*; got "x{100}…"$/,
    ],
    ['a size as text', { size: '500' }, 'size', /^"size" is not valid: .*number.*; got "500"$/],
    ['a size of 0', { size: 0 }, 'size', /^"size" is not valid: .*1.*; got 0$/],
    ['a negative size', { size: -5 }, 'size', /; got -5$/],
    ['half a byte', { size: 1.5 }, 'size', /; got 1\.5$/],
    ['options that are a list', { options: [] }, 'options', /^"options" is not valid: .*; got \[\]$/],
    [
      'an unknown language',
      { options: { language: 'Klingon' } },
      'options.language',
      /"en-US" or "English"; got "Klingon"$/,
    ],
    ['a lone surrogate in its name', { name: 'a\ud800' }, 'name', /lone surrogates; got "a\\ud800"$/],
    [
      'a lone surrogate in a question',
      { options: { analysis: { questions: ['\udc00?'] } } },
      'options.analysis.questions.0',
      /lone surrogates/,
    ],
  ])('is refused with the reason: %s', async (_, body, param, message) => {
    const response = await post(body);
    expect(response.statusCode).toBe(400);
    expect(errorOf(response)).toEqual({
      message: expect.stringMatching(message),
      type: 'invalid_request_error',
      param,
      code: 'invalid_request',
    });
    expect(dynamo.calls()).toHaveLength(0);
  });

  test.each([[[]], [null], ['text'], [7]])('is refused if its body is %j', async (body) => {
    const response = await post(body);
    expect(response.statusCode).toBe(400);
    expect(errorOf(response)).toMatchObject({
      param: null,
      message: expect.stringMatching(/^The body is not/),
    });
  });

  test('gets a short answer, even for a long value', async () => {
    const response = await post({ ['x'.repeat(50_000)]: 'y'.repeat(5000) });
    expect(response.statusCode).toBe(400);
    expect(response.body!.length).toBeLessThan(1000);
  });

  test('is refused at once if the upload would be too large', async () => {
    const response = await post({ size: 1001 });
    expect(response.statusCode).toBe(413);
    expect(errorOf(response)).toMatchObject({
      code: 'upload_too_large',
      param: 'size',
      message: '"size" must be at most 1000 bytes; got 1001',
    });
    expect(dynamo.calls()).toHaveLength(0);
    expect((await post({ size: 1000 })).statusCode).toBe(201);
  });

  test('is refused for its type, its size and its depth', async () => {
    expect((await post({}, { 'content-type': 'text/plain' })).statusCode).toBe(415);
    expect((await post({ name: 'x'.repeat(5_000_000) })).statusCode).toBe(413);
    const deep = '{"options":'.repeat(9) + '{}' + '}'.repeat(9);
    expect((await handler(request({ body: deep }), lambdaContext)).statusCode).toBe(400);
    expect(dynamo.calls()).toHaveLength(0);
  });

  test.each(['', 'two words', 'ключ', 'a\u0007', 'x'.repeat(256)])(
    'is refused for the Idempotency-Key %j',
    async (key) => {
      const response = await post({}, { 'idempotency-key': key });
      expect(response.statusCode).toBe(400);
      expect(errorOf(response).param).toBe('Idempotency-Key');
      expect(dynamo.calls()).toHaveLength(0);
    },
  );
});

describe('a hostile file name', () => {
  test.each([
    ['../../etc/passwd', 'passwd'],
    ['..\\..\\boot.ini', 'boot.ini'],
    ['..', '..'],
    ['a/', 'input'],
    ['', 'input'],
    [' \t ', 'input'],
    ['a\u0000b\r\nSet-Cookie: c\u001b[31m.mp3', 'abSet-Cookie: c[31m.mp3'],
    ['invoice\u202Egpj.exe', 'invoicegpj.exe'],
    ['\u2066a\u2069\u200F\u061C', 'a'],
    ['line\u2028and\u2029paragraph', 'lineandparagraph'],
    ['تسجيل الاجتماع.mp3', 'تسجيل الاجتماع.mp3'],
    ['🎙'.repeat(400), '🎙'.repeat(255)],
  ])('%j is only displayed, as %j, and never part of a key', async (name, shown) => {
    const response = await post({ name });
    expect(response.statusCode).toBe(201);
    const [job] = stored();
    expect(job!.name).toBe(shown);
    expect(job!.input_key).toMatch(/^jobs\/job_[0-9a-f]{32}\/input$/);
    expect(uploadOf(response).pathname).toBe(`/${job!.input_key}`);
    expect(response.headers?.location).toMatch(/^\/v1\/jobs\/job_[0-9a-f]{32}$/);
  });
});

describe('a request with an Idempotency-Key', () => {
  const body = { name: 'meeting.mp3', size: 500, options: { language: 'en', diarize: true } };
  const repeat = (content: unknown = body) => post(content, { 'idempotency-key': 'k#1' });
  const written = () =>
    dynamo
      .commandCalls(TransactWriteCommand)
      .map(({ args }) => args[0].input.TransactItems!.map(({ Put }) => Put!.Item));

  /** Creates a job with the key. The table returns it from then on. */
  async function made(change: Partial<JobRow> = {}) {
    dynamo.on(TransactWriteCommand).resolves({});
    const first = await repeat();
    const [idempotency, job] = written()[0] as [IdempotencyRow, JobRow];
    dynamo.on(TransactWriteCommand).rejects(new TransactionCanceledException({ message: '', $metadata: {} }));
    dynamo.on(GetCommand, { Key: { id: idempotency.id } }).resolves({ Item: idempotency });
    dynamo.on(GetCommand, { Key: { id: job.id } }).resolves({ Item: { ...job, ...change } });
    return { first, idempotency, job };
  }

  test('creates a job, and is recorded for a day for its tenant', async () => {
    const { first, idempotency, job } = await made();
    expect(first.statusCode).toBe(201);
    expect(idempotency).toEqual({
      id: 'idempotency#acme#k#1',
      job_id: job.id,
      body_sha256: expect.stringMatching(/^[0-9a-f]{64}$/),
      expires_at: NOW_SECONDS + 86_400,
    });
    expect(job).toMatchObject({ tenant: 'acme', status: 'awaiting_upload' });
    expect(stored()).toEqual([]);
  });

  test('gets the same job again, with a new URL that expires no later', async () => {
    const { job } = await made();
    jest.setSystemTime((NOW_SECONDS + 300) * 1000);
    const again = await repeat();
    expect(again.statusCode).toBe(200);
    expect(again.headers).toMatchObject({ location: `/v1/jobs/${job.id}` });
    expect(bodyOf(again)).toMatchObject({
      id: job.id,
      upload: { method: 'PUT', expires_at: '2026-03-01T12:15:00.000Z' },
    });
    expect(uploadOf(again).searchParams.get('X-Amz-Expires')).toBe('600');
  });

  test('gets the same job for fields in another order', async () => {
    const { job } = await made();
    const again = await repeat({
      options: { diarize: true, language: 'en' },
      size: 500,
      name: 'meeting.mp3',
    });
    expect(bodyOf(again)).toMatchObject({ id: job.id });
  });

  test('gets the same job for another priority, with the priority of the job', async () => {
    const { job } = await made();
    expect(bodyOf(await repeat({ ...body, priority: 'bulk' }))).toMatchObject({
      id: job.id,
      priority: 'normal',
    });
  });

  test('gets no URL for a job whose audio has arrived', async () => {
    await made({ status: 'running' });
    const again = await repeat();
    expect(again.statusCode).toBe(200);
    expect(bodyOf(again)).toMatchObject({ status: 'running' });
    expect(bodyOf(again)).not.toHaveProperty('upload');
  });

  test.each([
    { ...body, name: 'other.mp3' },
    { ...body, size: 501 },
    { ...body, options: { language: 'de', diarize: true } },
    { ...body, options: { language: 'en' } },
    { ...body, options: { ...body.options, num_speakers: 2 } },
    { ...body, options: { ...body.options, speaker_cleanup: [] } },
    { ...body, options: {} },
    {},
  ])('is refused with another body: %j', async (other) => {
    await made();
    const response = await repeat(other);
    expect(response.statusCode).toBe(409);
    expect(errorOf(response)).toEqual({
      message: 'This Idempotency-Key was already used with a different request',
      type: 'invalid_request_error',
      param: 'Idempotency-Key',
      code: 'idempotency_conflict',
    });
  });

  test('creates no second job after the first was deleted', async () => {
    const { job } = await made();
    dynamo.on(GetCommand, { Key: { id: job.id } }).resolves({});
    const response = await repeat();
    expect(response.statusCode).toBe(409);
    expect(errorOf(response)).toMatchObject({
      code: 'idempotency_conflict',
      message: 'The job of this Idempotency-Key has been deleted',
    });
  });

  test('may be retried after a conflict at the table', async () => {
    dynamo.on(TransactWriteCommand).rejects(new TransactionCanceledException({ message: '', $metadata: {} }));
    dynamo.on(GetCommand).resolves({});
    expect(await repeat()).toMatchObject({ statusCode: 503, headers: { 'retry-after': '2' } });
  });
});

test.each(['ThrottlingException', 'ProvisionedThroughputExceededException', 'InternalServerError'])(
  'an error %s of the table asks for a retry',
  async (name) => {
    dynamo.on(PutCommand).rejects(awsError(name));
    const response = await post({});
    expect(response).toMatchObject({ statusCode: 503, headers: { 'retry-after': '2' } });
    expect(errorOf(response)).toMatchObject({ code: 'busy', type: 'server_error' });
  },
);

test.each([
  ['embedding', 'token', 'tokens'],
  ['speech', 'character', 'characters'],
] as const)('a key whose quota is used up creates no %s', async (task, unit, shown) => {
  const used = { Item: { [shown]: 1000 } };
  dynamo.on(GetCommand).resolves({});
  dynamo.on(GetCommand, { Key: { id: 'usage#key_1#2026-03-01' } }).resolves(used);
  const limited = request({ body: '{"name":"corpus.jsonl"}', units: { [unit]: 1000 } });
  const handle = httpHandler(() => ({ ...dependencies, deployed: { [task]: {} } }), submitJob);
  const response = await handle(limited, lambdaContext);
  expect(response.statusCode).toBe(429);
  expect(errorOf(response).message).toMatch(
    new RegExp(`^This key's quota of 1000 ${shown} per day is used up \\(1000 used\\)`),
  );
  expect(response.headers).toMatchObject({ [`x-ratelimit-remaining-${shown}`]: '0' });
  expect(stored()).toEqual([]);
});

describe('a key whose quota is used up', () => {
  const spent = (headers?: Record<string, string>) =>
    handler(request({ body: '{"name":"a"}', headers, quota: 60 }), lambdaContext);
  const usage = { Key: { id: 'usage#key_1#2026-03-01' } };
  beforeEach(() => {
    dynamo.on(GetCommand).resolves({});
    dynamo.on(GetCommand, usage).resolves({ Item: { seconds: 60 } });
  });

  test.each<[string, Record<string, string>]>([
    ['without an Idempotency-Key', {}],
    ['with a new one', { 'idempotency-key': 'k' }],
  ])('creates no job %s', async (_, headers) => {
    const response = await spent(headers);
    expect(response.statusCode).toBe(429);
    expect(response.headers).toMatchObject({
      'retry-after': '43200',
      'x-ratelimit-limit-audio-seconds': '60',
      'x-ratelimit-remaining-audio-seconds': '0',
    });
    expect(errorOf(response).code).toBe('quota_exceeded');
    expect(stored()).toEqual([]);
    expect(dynamo.commandCalls(TransactWriteCommand)).toHaveLength(0);
  });

  test('finds its earlier job, so that an interrupted client can continue', async () => {
    dynamo.on(TransactWriteCommand).resolves({});
    dynamo
      .on(GetCommand, usage)
      .resolvesOnce({ Item: { seconds: 59 } })
      .resolves({ Item: { seconds: 60 } });
    expect((await spent({ 'idempotency-key': 'k' })).statusCode).toBe(201);
    const [items] = dynamo.commandCalls(TransactWriteCommand).map(({ args }) => args[0].input.TransactItems!);
    const [remembered, job] = items!.map(({ Put }) => Put!.Item) as [IdempotencyRow, JobRow];
    dynamo.on(GetCommand, { Key: { id: remembered.id } }).resolves({ Item: remembered });
    dynamo.on(GetCommand, { Key: { id: job.id } }).resolves({ Item: { ...job, status: 'running' } });
    const again = await spent({ 'idempotency-key': 'k' });
    expect(again.statusCode).toBe(200);
    expect(bodyOf(again)).toMatchObject({ id: job.id, status: 'running' });
  });
});
