import { setTimeout as sleep } from 'node:timers/promises';
import type { JobRow } from '../../../core/contract/job';
import { KEY } from '../../../core/contract/keys';
import { askModels, embed, MODEL, succeed } from '../../support/embedding-requests';
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
import { bodyOf, errorOf } from '../../support/support';

useServers();

/** Three vectors of two numbers, in two files. Their numbers have an exact single precision. */
const FILES = [
  [
    { row: 1, embedding: [1, 0] },
    { row: 2, embedding: [0.5, -0.25] },
  ],
  [{ row: 3, embedding: [0, 1] }],
];
const ANSWER = '{"object":"list","data":[],"model":"m","usage":{"prompt_tokens":7,"total_tokens":7}}';
const OURS = (code: string, param: string | null = null) =>
  JSON.stringify({ error: { message: 'no', type: 'x', param, code } });

const usedTokens = async () => (await store.usage.used('key_1', new Date())).token ?? 0;
const stored = async () => bucket.objects.get((await onlyJob()).input_key)!.toString();
const fail = ({ id }: JobRow, code: 'invalid_request' | 'attempts_exhausted', message: string) =>
  store.fail(id, { code, message }, new Date());

describe('while a machine is running', () => {
  test('its answer is passed on unchanged, and no job is created', async () => {
    machines.answers(200, 'application/json', ANSWER, { 'x-spotscribe-tokens': '7', 'x-other': 'kept back' });
    const answer = await embed({ input: ['a', 'b'], user: 'someone' });
    expect(answer).toMatchObject({ statusCode: 200, body: ANSWER });
    expect(answer.headers).not.toHaveProperty('x-other');
    expect(machines.came).toMatchObject([
      { method: 'POST', url: '/v1/embeddings', headers: { 'content-type': 'application/json' } },
    ]);
    expect(JSON.parse(machines.came[0]!.body.toString())).toEqual({
      input: ['a', 'b'],
      model: MODEL,
      encoding_format: 'float',
      truncate: false,
    });
    expect(jobs()).toEqual([]);
  });

  test('its refusal is passed on, and no job is created', async () => {
    machines.answers(400, 'application/json', OURS('invalid_request', 'input[1]'));
    const answer = await embed({ input: ['a', 'b'] });
    expect(answer.statusCode).toBe(400);
    expect(errorOf(answer)).toMatchObject({ code: 'invalid_request', param: 'input[1]' });
    expect(jobs()).toEqual([]);
  });

  test('an answer that is too large is refused with the cure, and its tokens count', async () => {
    const large = `{"data":"${'x'.repeat(4_500_000)}"}`;
    machines.answers(200, 'application/json', large, { 'x-spotscribe-tokens': '9' });
    const answer = await embed({ input: ['a'] }, { tokens: 100 });
    expect(answer.statusCode).toBe(400);
    expect(answer.headers).toMatchObject({ 'x-should-retry': 'false' });
    expect(errorOf(answer).message).toMatch(
      /exceed 4500000 bytes\. Send fewer inputs, use "encoding_format" base64, or send .* POST \/v1\/jobs$/,
    );
    expect(jobs()).toEqual([]);
    expect(await usedTokens()).toBe(9);
  });

  test('an answer that is too large becomes a job if the caller accepts one', async () => {
    machines.answers(200, 'application/json', 'x'.repeat(4_500_001));
    const answer = await embed({ input: ['a'] }, { headers: { prefer: 'respond-async, wait=5' } });
    expect(answer.statusCode).toBe(202);
    expect(jobs()).toHaveLength(1);
  });

  test('without capacity, the request becomes a job', async () => {
    machines.answers(429, 'application/json', OURS('busy'), { 'retry-after': '2' });
    expect((await embed({ input: ['a'] }, { change: { limits: AT_ONCE } })).statusCode).toBe(503);
    expect(jobs()).toHaveLength(1);
  });
});

describe('a request without a synchronous answer', () => {
  test('becomes a corpus with a line for each input, and the same options', async () => {
    await embed(
      { input: ['a\nb', '"c" 你好'], instruction: 'Represent:', dimensions: 2, encoding_format: 'base64' },
      { change: { limits: AT_ONCE } },
    );
    const row = await onlyJob();
    expect(row).toMatchObject({
      name: 'embeddings.jsonl',
      media_type: 'application/jsonl',
      status: 'queued',
      tasks: {
        embedding: { format: 'jsonl', truncate: false, instruction: 'Represent:', dimensions: 2 },
      },
      stages: { embedding: 'waiting' },
    });
    expect(await stored()).toBe('{"text":"a\\nb"}\n{"text":"\\"c\\" 你好"}\n');
  });

  test('may have token ids', async () => {
    await embed({ input: [[1, 2], [3]] }, { change: { limits: AT_ONCE } });
    expect(await stored()).toBe('{"text":[1,2]}\n{"text":[3]}\n');
  });

  test.each([
    ['float', (vector: unknown) => vector],
    [
      'base64',
      (vector: unknown) => {
        const bytes = Buffer.from(vector as string, 'base64');
        return [bytes.readFloatLE(0), bytes.readFloatLE(4)];
      },
    ],
  ])('is answered as %s by its job, in the order of the inputs', async (encoding_format, read) => {
    const answer = embed({ input: ['a', 'b', 'c'], encoding_format });
    const row = await queuedJob();
    await succeed(row, FILES);
    const { statusCode, headers, body } = await answer;
    expect(statusCode).toBe(200);
    expect(headers).toMatchObject({ 'content-type': 'application/json', 'x-spotscribe-job': row.id });
    const { data, ...more } = JSON.parse(body!) as { data: { index: number; embedding: unknown }[] };
    expect(more).toEqual({
      object: 'list',
      model: 'all-MiniLM-L6-v2',
      usage: { prompt_tokens: 9, total_tokens: 9 },
    });
    expect(data.map(({ embedding, ...entry }) => ({ ...entry, embedding: read(embedding) }))).toEqual(
      FILES.flat().map((line, index) => ({ object: 'embedding', index, embedding: line.embedding })),
    );
  });

  test('names the input that has no embedding', async () => {
    const answer = embed({ input: ['a', 'b', 'c'] });
    const row = await queuedJob();
    await succeed(
      row,
      [[FILES[0]![0]!]],
      [
        { row: 2, reason: 'It has 300 tokens.' },
        { row: 3, reason: 'other' },
      ],
    );
    const response = await answer;
    expect(response.statusCode).toBe(400);
    expect(errorOf(response)).toMatchObject({
      code: 'invalid_request',
      param: 'input[1]',
      message: '"input[1]" (and 1 more) has no embedding: It has 300 tokens.',
      job_id: row.id,
    });
  });

  test.each<[string, string | null, string]>([
    [
      'None of the 2 rows can be embedded. Row 1: It has 300 tokens.',
      'input[0]',
      '"input[0]" has no embedding: It has 300 tokens.',
    ],
    [
      'dimensions is 3, and the vectors have 2 numbers.',
      null,
      'dimensions is 3, and the vectors have 2 numbers.',
    ],
  ])('gets the error of its job: %s', async (message, param, said) => {
    const answer = embed({ input: ['a', 'b'] });
    const row = await queuedJob();
    await fail(row, 'invalid_request', message);
    const response = await answer;
    expect(response.statusCode).toBe(400);
    expect(response.headers).toMatchObject({ 'x-should-retry': 'false' });
    expect(errorOf(response)).toMatchObject({ param, message: `Job ${row.id} is failed: ${said}` });
  });

  test('is refused if the vectors of its job are too large for an answer', async () => {
    const answer = embed({ input: ['a'] });
    const row = await queuedJob();
    await succeed(row, [[{ row: 1, embedding: Array<number>(600_000).fill(0.12345678) }]]);
    const response = await answer;
    expect(response.statusCode).toBe(400);
    expect(errorOf(response).message).toContain(`GET /v1/jobs/${row.id}/embedding`);
  });

  test('is answered with 404 if the files of its job were deleted', async () => {
    const answer = embed({ input: ['a'] });
    const row = await queuedJob();
    await succeed(row, FILES);
    bucket.objects.delete(KEY.part(row.id, 1, 2, 'jsonl'));
    const response = await answer;
    expect(response.statusCode).toBe(404);
    expect(errorOf(response).message).toBe(`The embedding of job ${row.id} has been deleted`);
  });

  test('is asked to come again while the job runs, and then attaches to it in another encoding', async () => {
    const first = await embed({ input: ['a', 'b', 'c'] }, { change: { limits: AT_ONCE } });
    const { id } = await onlyJob();
    expect(first.statusCode).toBe(503);
    expect(first.headers).toMatchObject({
      'x-should-retry': 'true',
      'x-spotscribe-job': id,
      'retry-after': expect.stringMatching(/^[1-5]?\d$/),
    });
    expect(errorOf(first).message).toMatch(
      new RegExp(
        `^The embedding is not ready: the input is job ${id}, which is queued\\. .*, or call GET /v1/jobs/${id}$`,
      ),
    );
    await succeed(await onlyJob(), FILES);
    const second = await embed({ input: ['a', 'b', 'c'], encoding_format: 'base64' });
    expect(second.statusCode).toBe(200);
    expect(second.headers).toMatchObject({ 'x-spotscribe-job': id });
    expect(jobs()).toEqual([id]);
  });

  test.each<[string, object]>([
    ['another text', { input: ['b'] }],
    ['other dimensions', { input: ['a'], dimensions: 1 }],
    ['another instruction', { input: ['a'], instruction: 'x' }],
    ['truncation', { input: ['a'], truncate: true }],
  ])('gets a job of its own for %s', async (_, body) => {
    await embed({ input: ['a'] }, { change: { limits: AT_ONCE } });
    await embed(body, { change: { limits: AT_ONCE } });
    expect(jobs()).toHaveLength(2);
  });
});

describe('the caller', () => {
  test.each<[string, object]>([
    ['Prefer: respond-async', { headers: { prefer: 'respond-async' } }],
    ['?async=true', { query: { async: 'true' } }],
  ])('gets a job at once with %s', async (_, how) => {
    const answer = await embed({ input: ['a'] }, how);
    expect(answer.statusCode).toBe(202);
    expect(bodyOf(answer)).toMatchObject({ object: 'job', status: 'queued', id: jobs()[0] });
    expect(machines.came).toEqual([]);
  });

  test('gets no job with Prefer: wait', async () => {
    machines.does(() => undefined);
    const answer = await embed({ input: ['a'] }, { headers: { prefer: 'wait=1' } });
    expect(answer.statusCode).toBe(504);
    expect(errorOf(answer).message).toMatch(/^No embedding was ready after 1 s\. To create a job/);
    expect(jobs()).toEqual([]);
  });

  test('is refused for the same Idempotency-Key with other texts', async () => {
    const headers = { 'idempotency-key': 'k' };
    await embed({ input: ['a'] }, { headers, change: { limits: AT_ONCE } });
    const answer = await embed({ input: ['b'] }, { headers });
    expect(answer.statusCode).toBe(409);
    expect(errorOf(answer).code).toBe('idempotency_conflict');
  });

  test('gets no job for a model that nobody knows to be deployed', async () => {
    const answer = await embed({ input: ['a'], model: 'mine' });
    expect(answer.statusCode).toBe(503);
    expect(errorOf(answer)).toMatchObject({ param: 'model', message: expect.stringContaining('"model"') });
    expect(jobs()).toEqual([]);
  });

  test('is told about a slow bucket in words that fit', async () => {
    bucket.putGate = () => sleep(1000);
    const limits = { keepSeconds: 0.3, jobSeconds: 0 };
    const answer = await embed({ input: ['a'] }, { change: { limits } });
    expect(errorOf(answer).message).toMatch(/^The input could not be stored; send it again in a moment/);
  });
});

describe('a quota of tokens', () => {
  test('counts the tokens of synchronous answers, once for the same texts', async () => {
    machines.answers(200, 'application/json', ANSWER, { 'x-spotscribe-tokens': '7' });
    const first = await embed({ input: ['a'] }, { tokens: 10 });
    expect(first.headers).toMatchObject({ 'x-ratelimit-remaining-tokens': '3' });
    await embed({ input: ['a'] }, { tokens: 10 });
    expect(await usedTokens()).toBe(7);
    await embed({ input: ['b'] }, { tokens: 10 });
    expect(await usedTokens()).toBe(14);
  });

  test('refuses new work when it is used up', async () => {
    machines.answers(200, 'application/json', ANSWER, { 'x-spotscribe-tokens': '7' });
    await embed({ input: ['a'] }, { tokens: 7 });
    const asked = machines.came.length;
    const refused = await embed({ input: ['b'] }, { tokens: 7 });
    expect(refused.statusCode).toBe(429);
    expect(errorOf(refused).code).toBe('quota_exceeded');
    expect(machines.came).toHaveLength(asked);
  });
});

describe('a body', () => {
  test.each<[string, string, Record<string, string>, number, string]>([
    ['of another type', '{}', { 'content-type': 'text/plain' }, 415, 'unsupported_media_type'],
    ['that is broken', '{"input": ', {}, 400, 'invalid_request'],
    ['that is nested deeply', `{"input": ${'['.repeat(9)}`, {}, 400, 'invalid_request'],
    ['that is missing', '', {}, 400, 'invalid_request'],
    ['with a lone surrogate', '{"model":"m","input":"\\ud800"}', {}, 400, 'invalid_request'],
  ])('%s is refused, and no machine is asked', async (_, body, headers, status, code) => {
    const answer = await embed(body, { headers });
    expect(answer.statusCode).toBe(status);
    expect(errorOf(answer).code).toBe(code);
    expect(machines.came).toEqual([]);
  });

  test('of 4.5 MB is accepted, and a larger one is refused with the cure', async () => {
    machines.answers(200, 'application/json', ANSWER);
    const rest = JSON.stringify({ model: MODEL, input: '' }).length;
    expect((await embed({ input: 'x'.repeat(4_500_000 - rest) })).statusCode).toBe(200);
    const answer = await embed({ input: 'x'.repeat(4_500_001 - rest) });
    expect(answer.statusCode).toBe(413);
    expect(errorOf(answer).message).toBe(
      'The body must be at most 4500000 bytes; got 4500001. Send several requests, or the texts as a corpus to POST /v1/jobs',
    );
  });
});

describe('models', () => {
  const model = 'instructor-xl';
  const ids = (body: string | undefined) =>
    (JSON.parse(body!) as { data: { id: string }[] }).data.map(({ id }) => id);

  test('are those of a running machine', async () => {
    machines.answers(200, 'application/json', '{"object":"list","data":[{"id":"mine"}]}');
    expect(ids((await askModels(undefined, { model })).body)).toEqual(['mine']);
  });

  test('are the deployed one and its other names while no machine is running', async () => {
    const names = ['text-embedding-3-small', 'text-embedding-3-large', 'text-embedding-ada-002'];
    expect(ids((await askModels(undefined, { model })).body)).toEqual([model, ...names]);
    expect(ids((await askModels()).body)).toEqual(names);
  });

  test.each([['instructor-xl'], ['hkunlp/instructor-xl'], ['text-embedding-3-large']])(
    'include %s',
    async (id) => {
      expect(bodyOf(await askModels(id, { model }))).toMatchObject({ id, object: 'model' });
    },
  );

  test('do not include the names of another task', async () => {
    const answer = await askModels('whisper-1', { model });
    expect(answer.statusCode).toBe(404);
    expect(errorOf(answer)).toMatchObject({ code: 'model_not_found', param: 'model' });
  });
});
