import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { gunzipSync } from 'node:zlib';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { GetObjectCommand, type GetObjectCommandOutput, NoSuchKey, S3Client } from '@aws-sdk/client-s3';
import { DynamoDBDocumentClient, GetCommand, QueryCommand } from '@aws-sdk/lib-dynamodb';
import { mockClient } from 'aws-sdk-client-mock';
import type { JobRow } from '../../../core/contract/job';
import type { ListJobsResponse } from '../../../core/contract/api';
import { encodeCursor } from '../../../lambda/api/cursor';
import { JobStore } from '../../../core/jobs/job-store';
import type { Shortage } from '../../../core/fleet/shortage';
import { type Dependencies, readJob } from '../../../lambda/api/read-job';
import { httpHandler } from '../../../lambda/frame/http';
import analysis from '../../fixtures/contract/Analysis.json';
import transcript from '../../fixtures/contract/Transcript.json';
import {
  bodyOf,
  ended,
  errorOf,
  JOB_ID,
  lambdaContext,
  freezeTime,
  request,
  row,
  silenceConsole,
  TABLE,
} from '../../support/support';

const dynamo = mockClient(DynamoDBDocumentClient);
const s3 = mockClient(S3Client);
let shortage: Shortage = {};
const dependencies: Dependencies = {
  store: new JobStore(DynamoDBDocumentClient.from(new DynamoDBClient()), TABLE),
  fleet: { shortage: async () => shortage },
  s3: new S3Client(),
  bucket: 'media',
};
const handler = httpHandler(() => dependencies, readJob);

/** The answer to a request, refusals included. */
const get = (change: Parameters<typeof request>[0]) => handler(request(change), lambdaContext);

beforeEach(() => {
  silenceConsole();
  dynamo.reset();
  s3.reset();
});
afterEach(() => jest.restoreAllMocks());

describe('a job', () => {
  const read = (id = JOB_ID, tenant = 'acme') => get({ id, tenant, path: `/v1/jobs/${id}` });

  test('says why it waits while it is queued, if no machine can be launched', async () => {
    shortage = {
      short_since: Date.parse('2026-03-01T14:03:00Z'),
      launch_failure: { message: 'No spot capacity', at: 0 },
    };
    const delay = 'The fleet has lacked machines since 2026-03-01 14:03 UTC. AWS says: No spot capacity';
    const rows = [row({ status: 'queued' }), row({ status: 'running' })];
    dynamo.on(GetCommand).resolvesOnce({ Item: rows[0] }).resolvesOnce({ Item: rows[1] });
    expect(bodyOf(await read())).toMatchObject({ delay });
    expect(bodyOf(await read())).not.toHaveProperty('delay');
    dynamo.on(QueryCommand).resolves({ Items: rows });
    const { data } = bodyOf<ListJobsResponse>(await get({ tenant: 'acme', path: '/v1/jobs' }));
    expect(data.map((job) => job.delay)).toEqual([delay, undefined]);
    shortage = {};
  });

  test('is returned to its owner without internal fields', async () => {
    dynamo.on(GetCommand).resolves({
      Item: row({ status: 'running', attempt: 2, lease_until: 5, progress: 0.5, started_at: 'then' }),
    });
    const response = await read();
    expect(response.statusCode).toBe(200);
    expect(bodyOf(response)).toEqual({
      id: JOB_ID,
      tasks: { transcription: {} },
      results: {},
      object: 'job',
      status: 'running',
      name: 'meeting.mp3',
      origin: 'api',
      priority: 'normal',
      options: {},
      created_at: '2026-03-01T11:00:00.000Z',
      started_at: 'then',
      progress: 0.5,
      stages: { transcript: 'waiting' },
      degraded: [],
    });
  });

  test('shows why it failed', async () => {
    const error = { code: 'bad_audio', message: 'The file is empty' } as const;
    dynamo.on(GetCommand).resolves({ Item: ended('failed', { error }) });
    expect(bodyOf(await read())).toMatchObject({ status: 'failed', error });
  });

  test('of another tenant gets the same answer as an unknown job', async () => {
    dynamo.on(GetCommand).resolves({ Item: row({ tenant: 'globex' }) });
    const foreign = await read();
    dynamo.on(GetCommand).resolves({});
    const unknown = await read();
    expect(foreign.statusCode).toBe(404);
    expect(foreign).toEqual(unknown);
    expect(errorOf(foreign)).toEqual({
      message: `There is no job "${JOB_ID}"`,
      type: 'invalid_request_error',
      param: null,
      code: 'not_found',
    });
  });

  test.each(['job_1', '', `${JOB_ID}0`, 'idempotency#acme#k', '__proto__', `${JOB_ID.toUpperCase()}`])(
    'with the malformed id %j gets the same answer, without a read of the table',
    async (id) => {
      const response = await read(id);
      expect(response.statusCode).toBe(404);
      expect(errorOf(response)).toEqual({
        message: `There is no job ${JSON.stringify(id)}`,
        type: 'invalid_request_error',
        param: null,
        code: 'not_found',
      });
      expect(dynamo.calls()).toHaveLength(0);
    },
  );

  test('with a very long id gets a short answer', async () => {
    expect(errorOf(await read('x'.repeat(5000))).message).toBe(`There is no job "${'x'.repeat(100)}…"`);
  });
});

describe('a listing', () => {
  const NEXT = { tenant: 'acme', id: JOB_ID, created_at: '2026-03-01T11:00:00.000Z' };
  const list = (query?: Record<string, string>) => get({ query });
  const asked = () => dynamo.commandCalls(QueryCommand)[0]!.args[0].input;
  beforeEach(() => void dynamo.on(QueryCommand).resolves({ Items: [row()] }));

  test('has the caller’s jobs, at most twenty by default', async () => {
    const response = await list();
    expect(response.statusCode).toBe(200);
    expect(bodyOf<ListJobsResponse>(response)).toEqual({
      object: 'list',
      data: [expect.objectContaining({ id: JOB_ID, object: 'job' })],
    });
    expect(response.body).not.toContain('tenant');
    expect(asked()).toMatchObject({ Limit: 20, ExpressionAttributeValues: { ':tenant': 'acme' } });
  });

  test('continues with the next page', async () => {
    dynamo.on(QueryCommand).resolves({ Items: [row()], LastEvaluatedKey: NEXT });
    const { next } = bodyOf<ListJobsResponse>(await list({ limit: '1' }));
    dynamo.resetHistory();
    await list({ cursor: next! });
    expect(asked()).toMatchObject({ Limit: 20, ExclusiveStartKey: NEXT });
  });

  test('ignores the tenant in a cursor', async () => {
    await list({ cursor: encodeCursor({ ...NEXT, tenant: 'globex' }) });
    expect(asked().ExclusiveStartKey).toEqual(NEXT);
    expect(asked().ExpressionAttributeValues).toEqual({ ':tenant': 'acme' });
  });

  test.each([
    ['nonsense', 'nonsense'],
    ['nothing', ''],
    ['null', encodeCursor(null as never)],
    ['a key without its parts', encodeCursor({ id: JOB_ID })],
    ['empty parts', encodeCursor({ id: '', created_at: '' })],
    ['parts that are lists', encodeCursor({ id: [JOB_ID], created_at: [NEXT.created_at] })],
    ['a part too long', encodeCursor({ ...NEXT, created_at: `${NEXT.created_at}${'0'.repeat(3000)}` })],
    ['another kind of row', encodeCursor({ ...NEXT, id: 'idempotency#acme#k' })],
  ])('refuses a cursor of %s', async (_, cursor) => {
    const response = await list({ cursor });
    expect(response.statusCode).toBe(400);
    expect(errorOf(response)).toMatchObject({ code: 'invalid_request', param: 'cursor' });
    expect(dynamo.calls()).toHaveLength(0);
  });

  test.each(['1', '100'])('takes the limit %s', async (limit) => {
    await list({ limit });
    expect(asked().Limit).toBe(Number(limit));
  });

  test.each(['0', '101', '-1', '1.5', 'ten', '', '1e9', 'NaN'])('refuses the limit %j', async (limit) => {
    const response = await list({ limit });
    expect(response.statusCode).toBe(400);
    expect(errorOf(response)).toEqual({
      message: `"limit" must be a whole number from 1 to 100; got "${limit}"`,
      type: 'invalid_request_error',
      param: 'limit',
      code: 'invalid_request',
    });
  });

  test('filters by status', async () => {
    await list({ status: 'failed' });
    expect(asked()).toMatchObject({
      FilterExpression: '#status = :status',
      ExpressionAttributeValues: { ':status': 'failed' },
    });
  });

  test('refuses an unknown status', async () => {
    const error = errorOf(await list({ status: 'done' }));
    expect(error.param).toBe('status');
    expect(error.message).toBe(
      '"status" must be one of awaiting_upload, queued, running, succeeded, failed, cancelled, expired; got "done"',
    );
  });
});

describe('a transcript', () => {
  const KEY = `jobs/${JOB_ID}/results/2/transcript.json`;
  const read = (query?: Record<string, string>, headers?: Record<string, string>) =>
    get({ id: JOB_ID, path: `/v1/jobs/${JOB_ID}/transcript`, query, headers });
  const given = (item: JobRow) => dynamo.on(GetCommand).resolves({ Item: item });
  const stored = (content: unknown, bytes?: number) => {
    const json = JSON.stringify(content);
    const body: Readable = Object.assign(Readable.from([json]), {
      transformToString: () => text(body),
      transformToWebStream: () => Readable.toWeb(body),
    });
    s3.on(GetObjectCommand).resolves({
      Body: body as unknown as GetObjectCommandOutput['Body'],
      ContentLength: bytes ?? Buffer.byteLength(json),
    });
    return body;
  };
  beforeEach(() => {
    given(ended('succeeded', { transcript_key: KEY }));
    stored(transcript);
  });

  test('is the committed one, as JSON by default', async () => {
    const response = await read();
    expect(response.statusCode).toBe(200);
    expect(response.headers).toEqual({
      'content-type': 'application/json',
      'content-disposition': `inline; filename="${JOB_ID}.json"`,
      'cache-control': 'private, no-store',
    });
    expect(bodyOf(response)).toEqual(transcript);
    expect(s3.commandCalls(GetObjectCommand)[0]!.args[0].input).toEqual({ Bucket: 'media', Key: KEY });
  });

  test('is readable while the job still runs', async () => {
    given(
      row({
        status: 'running',
        transcript_key: KEY,
        stages: { transcript: 'succeeded', analysis: 'running' },
      }),
    );
    expect(bodyOf(await read())).toEqual(transcript);
  });

  test.each([
    ['json', 'application/json', /^\{"version":1,/],
    ['txt', 'text/plain; charset=utf-8', /^Take 250 milligrams\.\nSPEAKER_00: Twice\.\n$/],
    ['srt', 'application/x-subrip; charset=utf-8', /^1\n00:00:00,480 --> 00:00:01,980\nTake/],
    ['vtt', 'text/vtt; charset=utf-8', /^WEBVTT\n\n00:00:00\.480 --> 00:00:01\.980\nTake/],
  ])('is rendered as %s', async (format, type, content) => {
    const response = await read({ format });
    expect(response.statusCode).toBe(200);
    expect(response.headers).toMatchObject({
      'content-type': type,
      'content-disposition': `inline; filename="${JOB_ID}.${format}"`,
    });
    expect(response.body).toMatch(content);
  });

  test.each([
    ['text', 'txt', 'text/plain; charset=utf-8', /^Take 250 milligrams\.\n/],
    ['verbose_json', 'verbose.json', 'application/json', /^\{"task":"transcribe",.*"language":"english",/],
    ['diarized_json', 'diarized.json', 'application/json', /^\{"task":.*"type":"transcript\.text\.segment",/],
  ])('is rendered as OpenAI’s %s, for a file ending in %s', async (format, ending, type, content) => {
    const response = await read({ format });
    expect(response.statusCode).toBe(200);
    expect(response.headers).toMatchObject({
      'content-type': type,
      'content-disposition': `inline; filename="${JOB_ID}.${ending}"`,
    });
    expect(response.body).toMatch(content);
  });

  test.each(['pdf', 'SRT', '', 'constructor'])(
    'is refused as %j, with the list of formats',
    async (format) => {
      const response = await read({ format });
      expect(response.statusCode).toBe(400);
      expect(errorOf(response)).toEqual({
        message: `"format" must be one of json, txt, srt, vtt, verbose_json, diarized_json; got ${JSON.stringify(format)}`,
        type: 'invalid_request_error',
        param: 'format',
        code: 'invalid_request',
      });
    },
  );

  test.each(['awaiting_upload', 'queued', 'running'] as const)(
    'of a job that is %s is refused with Retry-After',
    async (status) => {
      given(row({ status }));
      const response = await read();
      expect(response.statusCode).toBe(409);
      expect(response.headers).toMatchObject({ 'retry-after': '5' });
      expect(errorOf(response)).toMatchObject({
        code: 'not_ready',
        message: `Job ${JOB_ID} has no transcript yet: it is ${status}`,
      });
    },
  );

  test('of a failed job is refused without Retry-After, with the reason', async () => {
    given(ended('failed', { error: { code: 'bad_audio', message: 'The file is empty' } }));
    const response = await read();
    expect(response.statusCode).toBe(409);
    expect(response.headers).not.toHaveProperty('retry-after');
    expect(errorOf(response).message).toBe(`Job ${JOB_ID} has ended without transcript: The file is empty`);
  });

  test('of another tenant’s job is not found, and its object is not read', async () => {
    given(ended('succeeded', { tenant: 'globex', transcript_key: KEY }));
    expect((await read()).statusCode).toBe(404);
    expect(s3.calls()).toHaveLength(0);
  });

  test('too large for an answer is a redirect to S3', async () => {
    const body = stored(transcript, 4_500_001);
    const response = await read();
    expect(response.statusCode).toBe(302);
    expect(response.body).toBeUndefined();
    const location = new URL(String(response.headers?.location));
    expect(location.pathname).toBe(`/${KEY}`);
    expect(location.searchParams.get('X-Amz-Expires')).toBe('300');
    await new Promise(setImmediate);
    expect(body.destroyed).toBe(true);
  });

  test('too large for an answer can be rendered as text', async () => {
    stored(transcript, 4_500_001);
    expect((await read({ format: 'srt' })).statusCode).toBe(200);
  });

  describe('whose rendering is too large for an answer', () => {
    const [segment] = transcript.segments;
    const long = { ...transcript, segments: Array.from({ length: 20_000 }, (_, id) => ({ ...segment, id })) };
    beforeEach(() => void stored(long));

    test.each(['gzip', 'br, gzip;q=0.5', 'deflate,GZIP'])(
      'is compressed for Accept-Encoding: %s',
      async (accepted) => {
        const response = await read({ format: 'verbose_json' }, { 'accept-encoding': accepted });
        expect(response).toMatchObject({ statusCode: 200, isBase64Encoded: true });
        expect(response.headers).toMatchObject({
          'content-encoding': 'gzip',
          vary: 'accept-encoding',
          'content-type': 'application/json',
        });
        const body = gunzipSync(Buffer.from(response.body!, 'base64')).toString();
        expect(body.length).toBeGreaterThan(4_500_000);
        expect(JSON.parse(body).segments).toHaveLength(20_000);
      },
    );

    test.each([undefined, 'identity', 'gzip;q=0', 'gzip; q=0.0, br'])(
      'is refused with the remedy for Accept-Encoding: %s',
      async (accepted) => {
        const headers: Record<string, string> = accepted === undefined ? {} : { 'accept-encoding': accepted };
        const response = await read({ format: 'verbose_json' }, headers);
        expect(response.statusCode).toBe(400);
        expect(errorOf(response)).toMatchObject({
          param: 'format',
          message: expect.stringMatching(
            /^The result has \d{7} bytes in the format "verbose_json"; the limit is 4500000 bytes\. Send "Accept-Encoding: gzip", or request the format "json"$/,
          ),
        });
      },
    );
  });

  test('that expired before its row is not found', async () => {
    s3.on(GetObjectCommand).rejects(new NoSuchKey({ message: 'gone', $metadata: {} }));
    const response = await read();
    expect(response.statusCode).toBe(404);
    expect(errorOf(response)).toMatchObject({
      code: 'not_found',
      message: `The transcript of job ${JOB_ID} has been deleted`,
    });
  });
});

describe('the analysis', () => {
  const KEY = `jobs/${JOB_ID}/results/1/analysis.json`;
  const read = (query = {}) => get({ id: JOB_ID, path: `/v1/jobs/${JOB_ID}/analysis`, query });
  const stored = (content: object) =>
    s3.on(GetObjectCommand).resolves({
      Body: { transformToString: async () => JSON.stringify(content) } as GetObjectCommandOutput['Body'],
    });
  const stages = (state: 'running' | 'succeeded' | 'failed') => ({
    stages: { transcript: 'succeeded' as const, analysis: state },
  });
  const given = (found: JobRow) => dynamo.on(GetCommand).resolves({ Item: found });

  test('is returned as it was committed', async () => {
    given(ended('succeeded', { analysis_key: KEY, ...stages('succeeded') }));
    stored(analysis);
    const response = await read();
    expect(response).toMatchObject({
      statusCode: 200,
      headers: {
        'content-type': 'application/json',
        'content-disposition': `inline; filename="${JOB_ID}.analysis.json"`,
        'cache-control': 'private, no-store',
      },
    });
    expect(bodyOf(response)).toEqual(analysis);
    expect(s3.commandCalls(GetObjectCommand)[0]!.args[0].input).toEqual({ Bucket: 'media', Key: KEY });
  });

  test.each([
    ['chapters', 'application/json+chapters', 'chapters.json', /^\{\n {2}"version": "1.2.0"/],
    ['chapters_vtt', 'text/vtt; charset=utf-8', 'chapters.vtt', /^WEBVTT\n\n00:00:00.000 -->/],
  ])('has its chapters as %s', async (format, type, name, body) => {
    given(ended('succeeded', { analysis_key: KEY, ...stages('succeeded') }));
    stored(analysis);
    const response = await read({ format });
    expect(response).toMatchObject({
      statusCode: 200,
      headers: { 'content-type': type, 'content-disposition': `inline; filename="${JOB_ID}.${name}"` },
    });
    expect(response.body).toMatch(body);
    expect(response.body?.match(/When to release|The installer/g)).toHaveLength(2);
  });

  test('without chapters has none to show, and says how to get them', async () => {
    given(ended('succeeded', { analysis_key: KEY, ...stages('succeeded') }));
    stored({ ...analysis, chapters: undefined });
    const response = await read({ format: 'chapters' });
    expect(response.statusCode).toBe(404);
    expect(errorOf(response).message).toBe(
      `The analysis of job ${JOB_ID} has no chapters: name "chapters" in the "tasks" of "analysis"`,
    );
  });

  test('that still runs is refused with Retry-After, while the transcript is readable', async () => {
    given(row({ status: 'running', transcript_key: 'there', ...stages('running') }));
    const response = await read();
    expect(response.statusCode).toBe(409);
    expect(response.headers).toMatchObject({ 'retry-after': '5' });
    expect(errorOf(response)).toMatchObject({ code: 'not_ready' });
  });

  test('that failed is refused without Retry-After, with the reason', async () => {
    const degraded = [{ stage: 'analysis' as const, reason: 'the voxtral service is away' }];
    given(ended('succeeded', { transcript_key: 'there', degraded, ...stages('failed') }));
    const response = await read();
    expect(response.statusCode).toBe(409);
    expect(response.headers).not.toHaveProperty('retry-after');
    expect(errorOf(response).message).toBe(
      `Job ${JOB_ID} has ended without analysis: the voxtral service is away`,
    );
  });

  test('that was not requested is not found', async () => {
    given(ended('succeeded', { transcript_key: 'there' }));
    const response = await read();
    expect(response.statusCode).toBe(404);
    expect(errorOf(response).message).toContain('it was not requested');
  });

  test('that was deleted is not found', async () => {
    given(ended('succeeded', { analysis_key: KEY, ...stages('succeeded') }));
    s3.on(GetObjectCommand).rejects(new NoSuchKey({ message: 'gone', $metadata: {} }));
    const response = await read();
    expect(response.statusCode).toBe(404);
    expect(errorOf(response).message).toBe(`The analysis of job ${JOB_ID} has been deleted`);
  });
});

test.each([
  ['analysis', 'json, chapters, chapters_vtt'],
  ['result', 'json'],
])('the %s has no other formats than %s', async (name, formats) => {
  const tasks = { analysis: {}, custom: {} };
  dynamo.on(GetCommand).resolves({ Item: ended('succeeded', { tasks }) });
  const response = await get({ id: JOB_ID, path: `/v1/jobs/${JOB_ID}/${name}`, query: { format: 'srt' } });
  expect(response.statusCode).toBe(400);
  expect(errorOf(response)).toMatchObject({
    param: 'format',
    message: `"format" must be one of ${formats}; got "srt"`,
  });
});

describe('the result of a custom task', () => {
  const read = () => get({ id: JOB_ID, path: `/v1/jobs/${JOB_ID}/result` });
  const stored = (result: unknown, degraded: object[] = []) =>
    s3.on(GetObjectCommand).resolves({
      Body: {
        transformToString: async () => JSON.stringify({ version: 1, result, measure: 3, degraded }),
      },
    } as GetObjectCommandOutput);
  const job = (result_type: string) =>
    given(
      ended('succeeded', {
        tasks: { custom: {} },
        custom: { unit: 'token', result_type },
        results: { custom: 'jobs/x/result.json' },
        stages: { custom: 'succeeded' },
      }),
    );
  const given = (item: JobRow) => dynamo.on(GetCommand).resolves({ Item: item });

  test('is returned as JSON, without what is stored beside it', async () => {
    job('application/json');
    stored({ label: 'cat' });
    const response = await read();
    expect(response).toMatchObject({ statusCode: 200, headers: { 'content-type': 'application/json' } });
    expect(bodyOf(response)).toEqual({ label: 'cat' });
  });

  test('is returned as text if the deployment declares a type of text, with what is missing', async () => {
    job('text/markdown');
    stored('# Cat', [{ stage: 'labels', reason: 'only one' }]);
    expect(await read()).toMatchObject({
      statusCode: 200,
      headers: { 'content-type': 'text/markdown', 'x-spotscribe-degraded': 'labels' },
      body: '# Cat',
    });
  });

  test('of a string stays JSON if JSON is declared', async () => {
    job('application/json');
    stored('cat');
    expect((await read()).body).toBe('"cat"');
  });

  test('that is too large for an answer is read from the bucket', async () => {
    job('text/plain');
    stored('x'.repeat(6_000_000));
    const response = await read();
    expect(response).toMatchObject({ statusCode: 302, headers: { 'content-type': 'application/json' } });
    expect(response.headers?.location).toMatch(/result\.json\?X-Amz-/);
  });

  test('is not found for a job without the task', async () => {
    given(ended('succeeded'));
    expect(await read()).toMatchObject({ statusCode: 404 });
  });
});

describe('the usage of a key', () => {
  beforeEach(() => void freezeTime());
  afterEach(() => jest.useRealTimers());
  const usage = (quota?: number) => get({ path: '/v1/usage', quota });

  test('is what was counted for it today, and the remainder', async () => {
    dynamo.on(GetCommand, { Key: { id: 'usage#key_1#2026-03-01' } }).resolves({ Item: { seconds: 90.5 } });
    const response = await usage(600);
    expect(response.statusCode).toBe(200);
    expect(response.headers).toMatchObject({ 'x-ratelimit-remaining-audio-seconds': '509' });
    expect(bodyOf(response)).toEqual({
      object: 'usage',
      day: '2026-03-01',
      limit_seconds: 600,
      used_seconds: 90.5,
      remaining_seconds: 509.5,
      units: { audio_second: { limit: 600, used: 90.5, remaining: 509.5 } },
      resets_at: '2026-03-02T00:00:00.000Z',
    });
  });

  test('is returned without a quota, too', async () => {
    dynamo.on(GetCommand).resolves({ Item: { seconds: 90.5 } });
    expect(bodyOf(await usage())).toMatchObject({
      limit_seconds: null,
      used_seconds: 90.5,
      remaining_seconds: null,
    });
  });

  test('is not taken for a job', async () => {
    expect((await get({ id: 'usage', path: '/v1/jobs/usage' })).statusCode).toBe(404);
  });
});
