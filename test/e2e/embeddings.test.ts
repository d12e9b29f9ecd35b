import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import OpenAI, { BadRequestError, RateLimitError } from 'openai-newest';
import Oldest from 'openai-oldest';
import type { SubmitJobResponse } from '../../core/contract/api';
import type { EmbeddingView } from '../../core/contract/work/embedding';
import { ENV } from '../../core/contract/environment';
import { JOB_HEADER } from '../../core/contract/http';
import type { JobView } from '../../core/contract/job';
import type { UsageResponse } from '../../core/contract/usage';
import { Laptop, root, spotscribe, until } from './laptop';

const run = promisify(execFile);

/** Each covers half a minute of waiting and the pause before the next. */
const RETRIES = 8;

const DIMENSIONS = 384;
const MODEL = 'text-embedding-3-small';
const TEXTS = [
  'A cat sleeps on the sofa.',
  'A kitten naps on the couch.',
  'Interest rates rose again in May.',
];

/** Vectors have length 1, so that this is the cosine of their angle. */
const similarity = (one: number[] = [], other: number[] = []) =>
  one.reduce((sum, value, at) => sum + value * other[at]!, 0);

/** Related sentences are closer than unrelated ones. */
function expectMeaning([cat, kitten, rates]: number[][]) {
  expect([cat, kitten, rates].map((vector) => vector?.length)).toEqual([DIMENSIONS, DIMENSIONS, DIMENSIONS]);
  expect(similarity(cat, cat)).toBeCloseTo(1, 3);
  expect(similarity(cat, kitten)).toBeGreaterThan(0.5);
  expect(similarity(cat, rates)).toBeLessThan(0.2);
}

/** OpenAI's clients against path 700, with a fleet that sleeps and wakes, and real weights. */
describe('vectors in place, and by jobs where no machine runs', () => {
  let laptop: Laptop;
  let client: OpenAI;
  beforeAll(async () => {
    laptop = await Laptop.start({ idleMinutes: '0.15', visibilitySeconds: '6' }, 'Embeddings');
    client = clientWith(laptop.key);
  });
  afterAll(() => laptop?.stop());

  const clientWith = (apiKey: string) => new OpenAI({ baseURL: `${laptop.url}/v1`, apiKey, maxRetries: 0 });
  const vectors = ({ data }: { data: { embedding: number[] }[] }) => data.map(({ embedding }) => embedding);
  const usedTokens = async () =>
    (await laptop.request<UsageResponse>('GET', '/v1/usage')).body.units.token?.used ?? 0;
  const jobs = async () => (await laptop.request<{ data: JobView[] }>('GET', '/v1/jobs')).body.data;
  const keepWarm = (machines: number) => laptop.setVariable('SizeFleet', ENV.warmMachines, String(machines));

  test('asleep: the call wakes a machine, and with enough retries gets its vectors by a job', async () => {
    expect(laptop.machines()).toEqual([]);
    const names = (await client.models.list()).data.map(({ id }) => id);
    expect(names).toEqual(expect.arrayContaining(['all-MiniLM-L6-v2', MODEL]));
    const { data, response } = await client
      .withOptions({ maxRetries: RETRIES })
      .embeddings.create({ model: MODEL, input: TEXTS })
      .withResponse();
    expectMeaning(vectors(data));
    expect(data.data.map(({ index }) => index)).toEqual([0, 1, 2]);
    expect(data.model).toBe('all-MiniLM-L6-v2');
    const id = response.headers.get(JOB_HEADER) ?? '';
    const ended = await laptop.ended(id);
    expect(ended).toMatchObject({ status: 'succeeded', degraded: [], name: 'embeddings.jsonl' });
    expect(ended.receipt?.measures).toEqual({ token: data.usage.prompt_tokens });
    // The same texts in another encoding are the same job.
    const floats = await client.embeddings.create({ model: MODEL, input: TEXTS, encoding_format: 'float' });
    expectMeaning(vectors(floats));
    expect(await jobs()).toHaveLength(1);
    expect(await usedTokens()).toBe(data.usage.prompt_tokens);
  });

  test('warm: clients get vectors in place, and no job is made', async () => {
    await keepWarm(1);
    await laptop.containerProcess('embeddings');
    const ask = (input: string | string[]) => client.embeddings.create({ model: MODEL, input });
    await until('the machine to answer', 120, async () => {
      const { response } = await client.embeddings
        .create({ model: MODEL, input: `warm ${Date.now()}` }, { headers: { prefer: 'wait=5' } })
        .withResponse()
        .catch(() => ({ response: undefined }));
      return response?.ok === true ? true : undefined;
    });
    const before = (await jobs()).length;
    const counted = await usedTokens();
    const renewed = TEXTS.map((text) => `${text} `);
    const { data, response } = await ask(renewed).withResponse();
    expect(response.headers.has(JOB_HEADER)).toBe(false);
    expectMeaning(vectors(data));
    expect(await usedTokens()).toBe(counted + data.usage.prompt_tokens);

    const oldest = new Oldest({ baseURL: `${laptop.url}/v1`, apiKey: laptop.key, maxRetries: 0 });
    expectMeaning(vectors(await oldest.embeddings.create({ model: MODEL, input: renewed })));

    const [ids] = vectors(await client.embeddings.create({ model: MODEL, input: [101, 2002, 102] }));
    expect(ids).toHaveLength(DIMENSIONS);
    expect((await jobs()).length).toBe(before);
  });

  test('warm: the Python client gets vectors', async () => {
    const program = `
import json, sys, openai
url, key, model, *texts = sys.argv[1:]
client = openai.OpenAI(base_url=url, api_key=key, max_retries=0)
made = client.embeddings.create(model=model, input=texts)
print(json.dumps([list(entry.embedding) for entry in made.data]))`;
    const args = ['-c', program, `${laptop.url}/v1`, laptop.key, MODEL, ...TEXTS.map((text) => `${text}  `)];
    const { stdout } = await run(join(root, 'docker/.venv/bin/python'), args, { maxBuffer: 2 ** 24 });
    expectMeaning(JSON.parse(stdout) as number[][]);
  });

  test('faults are errors of the client that name the input', async () => {
    const ask = (fields: object) => client.embeddings.create({ model: MODEL, input: 'a', ...fields });
    await expect(ask({ input: ['a', ''] })).rejects.toMatchObject({ status: 400, param: 'input[1]' });
    await expect(ask({ input: ['a', 'word '.repeat(400)] })).rejects.toMatchObject({
      status: 400,
      param: 'input[1]',
    });
    await expect(ask({ dimensions: 100 })).rejects.toThrow(BadRequestError);
    await expect(ask({ model: 'gpt-4o' })).rejects.toMatchObject({ status: 404, code: 'model_not_found' });
  });

  test('a corpus becomes files of vectors, with its faults and cut texts reported', async () => {
    const lines = [
      ...TEXTS.map((text, at) => JSON.stringify({ id: `t${at}`, text })),
      JSON.stringify({ id: 'long', text: 'word '.repeat(400) }),
      JSON.stringify({ id: 'none' }),
    ];
    const corpus = Buffer.from(lines.join('\n'));
    const submitted = await laptop.request<SubmitJobResponse>('POST', '/v1/jobs', {
      name: 'corpus.jsonl',
      media_type: 'application/jsonl',
      tasks: { embedding: {} },
      size: corpus.length,
    });
    expect(submitted.status).toBe(201);
    const { id, upload } = submitted.body;
    const put = await fetch(upload!.url, { method: upload!.method, headers: upload!.headers, body: corpus });
    expect(put.ok).toBe(true);
    const { receipt } = await laptop.ended(id);
    const { body } = await laptop.request<EmbeddingView>('GET', `/v1/jobs/${id}/embedding`);
    expect(body).toMatchObject({
      ...{ dimensions: DIMENSIONS, format: 'jsonl', rows: 5, failed_rows: 1, truncated_rows: 1 },
      failures: [{ row: 5, reason: expect.any(String) }],
    });
    expect(receipt?.measures).toEqual({ token: body.tokens });
    const files = await Promise.all(
      body.files.map(async ({ path }) => {
        const headers = { authorization: `Bearer ${laptop.key}` };
        return (await fetch(`${laptop.url}${path}`, { headers })).text();
      }),
    );
    const rows = files
      .flatMap((text) => text.trim().split('\n'))
      .map((line) => JSON.parse(line) as { row: number; id: string; embedding: number[] });
    expect(rows.map(({ row, id }) => [row, id])).toEqual([
      ...[[1, 't0'] as const, [2, 't1'] as const, [3, 't2'] as const, [4, 'long'] as const],
    ]);
    expectMeaning(rows.slice(0, 3).map(({ embedding }) => embedding));
  });

  test('a key whose tokens are used up gets no work done', async () => {
    const env = {
      ...laptop.env,
      ...{ AWS_REGION: 'us-east-1', AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test' },
    };
    const args = [
      'keys',
      'create',
      '--units-per-day',
      'token=5',
      '--stack',
      'Spotscribe-Embeddings',
      '--json',
    ];
    const { key } = JSON.parse((await spotscribe(args, env)).stdout) as { key: string };
    const limited = clientWith(key);
    const { response } = await limited.embeddings.create({ model: MODEL, input: TEXTS }).withResponse();
    expect(response.headers.get('x-ratelimit-remaining-tokens')).toBe('0');
    const refused = limited.embeddings.create({ model: MODEL, input: 'another text' });
    await expect(refused).rejects.toThrow(RateLimitError);
    await expect(refused).rejects.toMatchObject({ status: 429, code: 'quota_exceeded' });
  });
});
