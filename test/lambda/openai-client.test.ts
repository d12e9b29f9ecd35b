import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { DynamoDBDocumentClient, GetCommand, PutCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { mockClient } from 'aws-sdk-client-mock';
import OpenAI, { AuthenticationError, RateLimitError, toFile } from 'openai';
import { httpHandler } from '../../lambda/http';
import { JobStore } from '../../lambda/job-store';
import { s3Client } from '../../lambda/s3-client';
import { transcribeAudio } from '../../lambda/transcribe-audio';
import { LoadBalancer } from './load-balancer';
import { lambdaContext, request, silenceConsole, TABLE } from './support';

// OpenAI's own client, unchanged, before the handler: what it sends and how it takes what it gets.

const dynamo = mockClient(DynamoDBDocumentClient);
const s3 = mockClient(S3Client);
const machines = new LoadBalancer();
const handler = httpHandler(
  () => ({
    store: new JobStore(DynamoDBDocumentClient.from(new DynamoDBClient()), TABLE),
    s3: s3Client(),
    bucket: 'media',
    analysis: false,
    uploadExpirySeconds: 900,
    retentionDays: 7,
    machinesUrl: machines.url,
    waitSeconds: 20,
    maxUploadBytes: 1_000_000,
  }),
  transcribeAudio,
);

/** Of which key the authorizer says what; of any other that it is a tenant's. */
const KEYS: Record<string, object> = {
  'Bearer sk-spotscribe-revoked': {},
  'Bearer sk-spotscribe-spent': { tenant: 'acme', key_id: 'key_2', audio_seconds_per_day: 60 },
};
let requests = 0;

/** What the HTTP API does: the body in base64, the answer's body as it is. */
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
    const known = KEYS[incoming.headers.authorization ?? ''];
    if (known !== undefined) event.requestContext.authorizer = { lambda: known };
    const answer = await handler(event, lambdaContext);
    outgoing.writeHead(answer.statusCode ?? 200, answer.headers as Record<string, string>).end(answer.body);
  })();
});
let openai: OpenAI;

beforeAll(async () => {
  await machines.start();
  gateway.listen(0, '127.0.0.1');
  await once(gateway, 'listening');
  const { port } = gateway.address() as AddressInfo;
  openai = new OpenAI({ apiKey: 'sk-spotscribe-test', baseURL: `http://127.0.0.1:${port}/v1` });
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
  dynamo.on(PutCommand).resolves({});
  dynamo.on(UpdateCommand).resolves({});
  s3.on(PutObjectCommand).resolves({});
});
afterEach(() => jest.restoreAllMocks());

const AUDIO = Buffer.from([0, 255, 13, 10, 45, 45, 128]);
const file = () => toFile(AUDIO, 'talk.mp3');
const asleep = () => machines.answers(503, 'text/html', '<html>503</html>');

test('gets a transcript in place', async () => {
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

test('reads events that come all together', async () => {
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

test('gets the job that its recording became', async () => {
  asleep();
  const { data, response } = await openai.audio.transcriptions
    .create({ file: await file(), model: 'whisper-1' })
    .withResponse();
  expect(response.status).toBe(202);
  const [{ Bucket, Key, Body } = {}] = s3.commandCalls(PutObjectCommand).map(({ args }) => args[0].input);
  expect(data).toMatchObject({ object: 'job', id: Key!.split('/')[1] });
  expect({ Bucket, Body }).toEqual({ Bucket: 'media', Body: AUDIO });
});

test('raises the job that its recording became where it wanted events', async () => {
  asleep();
  const stream = await openai.audio.transcriptions.create({
    file: await file(),
    model: 'whisper-1',
    stream: true,
  });
  await expect(stream[Symbol.asyncIterator]().next()).rejects.toThrow(/became job job_[0-9a-f]{32}/);
});

test('does not send again what will not be answered in place', async () => {
  asleep();
  const options = { file: await file(), model: 'whisper-1' };
  await expect(
    openai.audio.transcriptions.create(options, { headers: { prefer: 'wait=5' } }),
  ).rejects.toMatchObject({ status: 503, code: 'busy' });
  expect(machines.came).toHaveLength(1);
});

test('gets a translation, on the route of its own', async () => {
  machines.answers(200, 'application/json', '{"text":"hello"}');
  expect(await openai.audio.translations.create({ file: await file(), model: 'whisper-1' })).toEqual({
    text: 'hello',
  });
  expect(machines.came[0]!.url).toBe('/v1/audio/translations');
});

test('finds models while none is awake', async () => {
  asleep();
  const names = [];
  for await (const { id } of openai.models.list()) names.push(id);
  expect(names).toContain('whisper-1');
});

test('raises its own errors for a key that was revoked and for a quota that is used up, and sends neither again', async () => {
  dynamo.on(GetCommand).resolves({ Item: { seconds: 60 } });
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
