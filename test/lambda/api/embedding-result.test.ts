import { GetObjectCommand, NoSuchKey } from '@aws-sdk/client-s3';
import type { Embedding } from '../../../core/contract/work/embedding';
import { KEY } from '../../../core/contract/keys';
import stored from '../../fixtures/contract/Embedding.json';
import { ResultReader } from '../../support/result-reader';
import {
  bodyOf,
  ended,
  errorOf,
  JOB_ID,
  lambdaContext,
  request,
  row,
  silenceConsole,
} from '../../support/support';

const RESULT = KEY.result(JOB_ID, 2, 'embedding');
const PATH = `/v1/jobs/${JOB_ID}/embedding`;
const job = { tasks: { embedding: {} }, stages: { embedding: 'succeeded' } } as const;
const embedding: Embedding = {
  ...(stored as Embedding),
  // The second attempt continued after the first file.
  files: [
    { attempt: 1, rows: 2000, bytes: 6_000_000 },
    { attempt: 2, rows: 729, bytes: 2_400_000 },
  ],
};

const reader = new ResultReader(PATH);
const { s3, handler, read, given, contains } = reader;

beforeEach(() => {
  silenceConsole();
  reader.reset();
  given(ended('succeeded', { ...job, results: { embedding: RESULT } }));
  contains(embedding);
});
afterEach(() => jest.restoreAllMocks());

describe('an embedding', () => {
  test('lists its files, without the attempts that wrote them', async () => {
    const response = await read();
    expect(response.statusCode).toBe(200);
    expect(response.headers).toMatchObject({
      'content-type': 'application/json',
      'content-disposition': `inline; filename="${JOB_ID}.embedding.json"`,
    });
    const path = (name: string) => `${PATH}?file=${name}`;
    expect(bodyOf(response)).toEqual({
      ...embedding,
      files: [
        { name: 'part-000001.parquet', rows: 2000, bytes: 6_000_000, path: path('part-000001.parquet') },
        { name: 'part-000002.parquet', rows: 729, bytes: 2_400_000, path: path('part-000002.parquet') },
      ],
    });
    expect(s3.commandCalls(GetObjectCommand)[0]!.args[0].input).toEqual({ Bucket: 'media', Key: RESULT });
  });

  test.each([
    ['part-000001.parquet', 1, 1],
    ['part-000002.parquet', 2, 2],
  ])('redirects to %s in the store', async (file, attempt, number) => {
    const response = await read({ file });
    expect(response.statusCode).toBe(302);
    expect(response.body).toBeUndefined();
    const location = new URL(String(response.headers?.location));
    expect(location.pathname).toBe(`/${KEY.part(JOB_ID, attempt, number, 'parquet')}`);
    expect(location.searchParams.get('X-Amz-Expires')).toBe('300');
    expect(location.searchParams.get('response-content-disposition')).toBe(
      `inline; filename="${JOB_ID}.${file}"`,
    );
    expect(response.headers).toMatchObject({
      'content-disposition': `inline; filename="${JOB_ID}.${file}"`,
      'cache-control': 'private, no-store',
    });
  });

  test.each(['part-000003.parquet', 'part-000001.jsonl', '../input', '', 'constructor'])(
    'has no file %j, and says which it has',
    async (file) => {
      const response = await read({ file });
      expect(response.statusCode).toBe(404);
      expect(errorOf(response)).toMatchObject({
        code: 'not_found',
        param: 'file',
        message: `Job ${JOB_ID} has no file ${JSON.stringify(file)}: its files are part-000001.parquet, part-000002.parquet`,
      });
    },
  );

  test('without vectors has no files', async () => {
    contains({ ...embedding, files: [] });
    expect(bodyOf(await read())).toMatchObject({ files: [] });
    contains({ ...embedding, files: [] });
    expect(errorOf(await read({ file: 'part-000001.parquet' })).message).toMatch(/: it has no files$/);
  });

  test.each(['queued', 'running'] as const)(
    'of a job that is %s is refused with Retry-After',
    async (status) => {
      given(row({ ...job, status, stages: { embedding: 'running' } }));
      for (const query of [undefined, { file: 'part-000001.parquet' }]) {
        const response = await read(query);
        expect(response.statusCode).toBe(409);
        expect(response.headers).toMatchObject({ 'retry-after': '5' });
        expect(errorOf(response)).toMatchObject({
          code: 'not_ready',
          message: `Job ${JOB_ID} has no embedding yet: it is ${status}`,
        });
      }
    },
  );

  test('of a failed job is refused with the reason', async () => {
    const error = { code: 'invalid_request', message: 'No row has a text' } as const;
    given(ended('failed', { ...job, error }));
    const response = await read();
    expect(response.statusCode).toBe(409);
    expect(response.headers).not.toHaveProperty('retry-after');
    expect(errorOf(response).message).toBe(`Job ${JOB_ID} has ended without embedding: No row has a text`);
  });

  test.each([undefined, { file: 'part-000001.parquet' }])(
    'that was deleted is not found (%j)',
    async (query) => {
      s3.on(GetObjectCommand).rejects(new NoSuchKey({ message: 'gone', $metadata: {} }));
      const response = await read(query);
      expect(response.statusCode).toBe(404);
      expect(errorOf(response).message).toBe(`The embedding of job ${JOB_ID} has been deleted`);
    },
  );

  test('of another tenant’s job is not found, and its object is not read', async () => {
    given(ended('succeeded', { ...job, tenant: 'globex', results: { embedding: RESULT } }));
    expect((await read({ file: 'part-000001.parquet' })).statusCode).toBe(404);
    expect(s3.calls()).toHaveLength(0);
  });

  test('cannot be read in another format', async () => {
    expect(errorOf(await read({ format: 'srt' }))).toMatchObject({ param: 'format' });
  });

  test('of a job without that task is not found', async () => {
    given(ended('succeeded', {}));
    expect(errorOf(await read()).message).toMatch(/^Job .* has no embedding: it was not requested/);
  });
});

test('a job with only an embedding shows its result, its stage and its cost per token', async () => {
  const receipt = {
    ...{ measures: { token: 40213 }, audio_seconds: 0, queue_seconds: 1, processing_seconds: 3 },
    ...{ real_time_factor: 0, machine_type: 'g4dn.xlarge', capacity: 'spot' as const, price_per_hour: 0.205 },
    ...{ price_source: 'estimate', cost: 0.0002, cost_per_audio_minute: null },
    cost_per_unit: { token: 5e-9 },
  };
  given(ended('succeeded', { ...job, results: { embedding: RESULT }, receipt }));
  const response = await handler(request({ id: JOB_ID, path: `/v1/jobs/${JOB_ID}` }), lambdaContext);
  expect(bodyOf(response)).toMatchObject({
    ...{ tasks: { embedding: {} }, stages: { embedding: 'succeeded' }, results: { embedding: PATH } },
    receipt,
  });
});
