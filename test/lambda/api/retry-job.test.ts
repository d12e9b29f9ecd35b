import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { ListObjectVersionsCommand, S3Client } from '@aws-sdk/client-s3';
import { SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { mockClient } from 'aws-sdk-client-mock';
import type { JobRow, JobView } from '../../../core/contract/job';
import { JobStore } from '../../../core/jobs/job-store';
import { type Dependencies, retryJob } from '../../../lambda/api/retry-job';
import { httpHandler } from '../../../lambda/frame/http';
import { LocalTable } from '../../support/local-table';
import {
  awsError,
  bodyOf,
  ended,
  errorOf,
  freezeTime,
  JOB_ID,
  lambdaContext,
  listed,
  NOW,
  NOW_SECONDS,
  request,
  row,
  silenceConsole,
  TABLE,
} from '../../support/support';

const INPUT = `jobs/${JOB_ID}/input`;
const table = new LocalTable();
const s3 = mockClient(S3Client);
const sqs = mockClient(SQSClient);
const lambda = mockClient(LambdaClient);
let dependencies: Dependencies;

const degraded = (change: Partial<JobRow> = {}): JobRow =>
  ended('succeeded', {
    ...{ tasks: { transcription: {}, analysis: {} }, attempt: 1, progress: 1, queued_at: NOW.toISOString() },
    ...{ input_version: 'v1', input_etag: '"e1"', estimate: { audio_second: 50 } },
    results: { transcription: `jobs/${JOB_ID}/results/1/transcript.json` },
    stages: { transcript: 'succeeded', analysis: 'failed' },
    degraded: [{ stage: 'analysis', reason: 'the GPU is full' }],
    receipt: {
      ...{ measures: { audio_second: 60 }, audio_seconds: 60, queue_seconds: 1, processing_seconds: 2 },
      ...{ real_time_factor: 30, machine_type: 'g4dn.xlarge', capacity: 'spot', price_per_hour: null },
      ...{ price_source: 'test', cost: null, cost_per_audio_minute: null },
    },
    ...change,
  });

interface Sent {
  body?: unknown;
  tenant?: string;
  quota?: number;
}
const send = ({ body = { missing: true }, tenant, quota }: Sent = {}) =>
  httpHandler(() => dependencies, retryJob)(
    request({ id: JOB_ID, body: JSON.stringify(body), tenant, quota }),
    lambdaContext,
  );
const sent = () => sqs.commandCalls(SendMessageCommand).map(({ args }) => args[0].input);

beforeAll(() => table.start());
beforeEach(() => {
  freezeTime();
  silenceConsole();
  table.reset();
  for (const mock of [s3, sqs, lambda]) mock.reset();
  s3.on(ListObjectVersionsCommand).resolves({ Versions: [listed(INPUT)] });
  sqs.on(SendMessageCommand).resolves({});
  lambda.on(InvokeCommand).resolves({});
  dependencies = {
    ...{ store: new JobStore(table.client(), TABLE), sqs: new SQSClient(), lambda: new LambdaClient() },
    ...{ queueUrl: 'https://queue', bulkQueueUrl: 'https://bulk', sizeFleetFunction: 'size-fleet' },
    ...{ s3: new S3Client(), bucket: 'media', maxAudioSeconds: 3600 },
  };
});
afterEach(() => {
  jest.useRealTimers();
  jest.restoreAllMocks();
});
afterAll(() => table.stop());

test('queues a job again for what is missing, and wakes the fleet', async () => {
  await dependencies.store.create(degraded());
  const response = await send({ quota: 100 });
  expect(response.statusCode).toBe(200);
  expect(bodyOf<JobView>(response)).toMatchObject({
    ...{ id: JOB_ID, status: 'queued', degraded: [] },
    stages: { transcript: 'succeeded', analysis: 'waiting' },
    results: { transcription: `/v1/jobs/${JOB_ID}/transcript` },
  });
  expect(sent()).toMatchObject([
    { QueueUrl: 'https://queue', MessageBody: JSON.stringify({ version: 1, job_id: JOB_ID }) },
  ]);
  const { Payload } = lambda.commandCalls(InvokeCommand)[0]!.args[0].input;
  expect(JSON.parse(Buffer.from(Payload as string).toString())).toMatchObject({
    arrived: { id: JOB_ID, estimate: { audio_second: 50 } },
  });
  // What the first run measured is more exact than the estimate.
  expect(await dependencies.store.get(JOB_ID)).toMatchObject({
    reserved: { measures: { audio_second: 60 } },
  });
});

test('sends a bulk job to the bulk queue', async () => {
  await dependencies.store.create(degraded({ priority: 'bulk' }));
  await send();
  expect(sent()).toMatchObject([{ QueueUrl: 'https://bulk' }]);
});

test('returns the current state if it is repeated before the retry has ended', async () => {
  await dependencies.store.create(degraded());
  await send();
  const again = await send();
  expect([again.statusCode, bodyOf<JobView>(again).status]).toEqual([200, 'queued']);
  expect(sent()).toHaveLength(1);
});

test.each<[string, JobRow, RegExp]>([
  [
    'has all its results',
    degraded({ tasks: { transcription: {} }, degraded: [] }),
    /has all its results: nothing is missing/,
  ],
  ['is open', row({ status: 'running' }), /is running\. Wait until it has ended/],
  ['failed as a whole', ended('failed'), /is failed and has no results\. Submit its input again/],
  ['was cancelled', ended('cancelled'), /is cancelled and has no results\. Submit its input again/],
])('refuses a job that %s', async (_, job, message) => {
  await dependencies.store.create(job);
  const response = await send();
  expect(response.statusCode).toBe(409);
  expect(errorOf(response)).toMatchObject({
    code: 'invalid_request',
    message: expect.stringMatching(message),
  });
  expect(await dependencies.store.get(JOB_ID)).toEqual(job);
  expect(sent()).toEqual([]);
});

test.each([
  ['was erased', {}],
  ['was replaced', { Versions: [listed(INPUT, { VersionId: 'v2', ETag: '"e2"' })] }],
  [
    'was deleted',
    {
      Versions: [listed(INPUT, { IsLatest: false })],
      DeleteMarkers: [{ Key: INPUT, VersionId: 'v2', IsLatest: true, LastModified: NOW }],
    },
  ],
])('refuses a job whose input %s', async (_, versions) => {
  s3.on(ListObjectVersionsCommand).resolves(versions);
  await dependencies.store.create(degraded());
  const response = await send();
  expect([response.statusCode, errorOf(response).code]).toEqual([409, 'source_not_found']);
  expect(errorOf(response).message).toMatch(/no longer stored\. Submit it again as a new job/);
  expect(await dependencies.store.get(JOB_ID)).toEqual(degraded());
});

test('does not find a job of another tenant', async () => {
  await dependencies.store.create(degraded());
  const response = await send({ tenant: 'globex' });
  expect([response.statusCode, errorOf(response).code]).toEqual([404, 'not_found']);
  expect(await dependencies.store.get(JOB_ID)).toEqual(degraded());
});

test.each([
  ['the allowance says so', async () => undefined],
  [
    'another request uses it in the meantime',
    async () => {
      table.before = async (operation) => {
        if (operation !== 'TransactWriteItems') return;
        table.before = async () => undefined;
        await dependencies.store.usage.addOnce('key_1', { sha256: 'b', measures: { audio_second: 9 } }, NOW);
      };
    },
  ],
])('refuses with 429 if the quota is used up: %s', async (name, use) => {
  await dependencies.store.create(degraded());
  if (name.startsWith('the'))
    await dependencies.store.usage.addOnce('key_1', { sha256: 'a', measures: { audio_second: 9 } }, NOW);
  await use();
  const response = await send({ quota: 9 });
  expect([response.statusCode, errorOf(response).code]).toEqual([429, 'quota_exceeded']);
  expect(await dependencies.store.get(JOB_ID)).toEqual(degraded());
  expect(sent()).toEqual([]);
});

test.each([{}, { missing: false }, { missing: true, tasks: ['analysis'] }])(
  'refuses the body %j',
  async (body) => {
    await dependencies.store.create(degraded());
    const response = await send({ body });
    expect([response.statusCode, errorOf(response).code]).toEqual([400, 'invalid_request']);
  },
);

test('leaves the message to the sweeper if the queue refuses it', async () => {
  sqs.on(SendMessageCommand).rejects(awsError('ServiceUnavailable'));
  await dependencies.store.create(degraded());
  expect((await send()).statusCode).toBeGreaterThanOrEqual(500);
  expect(await dependencies.store.get(JOB_ID)).toMatchObject({
    ...{ status: 'queued', open: 'open', sweep_at: NOW_SECONDS + 60 },
  });
});
