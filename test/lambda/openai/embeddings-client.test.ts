import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import OpenAI, { BadRequestError } from 'openai';
import Newest from 'openai-newest';
import Oldest from 'openai-oldest';
import { embed, MODEL, succeed } from '../../support/embedding-requests';
import { AT_ONCE, asleep, jobs, machines, onlyJob, useServers } from '../../support/recording-requests';

// OpenAI's own clients, unchanged, send requests for vectors to the handler.

useServers();

const VECTORS = [
  [1, 0.5],
  [-0.25, 0],
];
const FILES = [VECTORS.map((embedding, index) => ({ row: index + 1, embedding }))];

/** Called with the number of each request, before it is handled. */
let onRequest: (number: number) => Promise<void>;
let requests = 0;

/** Acts as the HTTP API. A client waits no longer than it is told here. */
const gateway = createServer((incoming, outgoing) => {
  void (async () => {
    await onRequest(++requests);
    const headers = incoming.headers as Record<string, string>;
    const answer = await embed(await text(incoming), { headers, change: { limits: AT_ONCE } });
    if (answer.headers?.['retry-after'] !== undefined) answer.headers['retry-after'] = 0.01;
    outgoing.writeHead(answer.statusCode ?? 200, answer.headers as Record<string, string>).end(answer.body);
  })().catch((error: Error) => outgoing.destroy(error));
});
let baseURL: string;

beforeAll(async () => {
  gateway.listen(0, '127.0.0.1');
  await once(gateway, 'listening');
  baseURL = `http://127.0.0.1:${(gateway.address() as AddressInfo).port}/v1`;
});
afterAll(() => {
  gateway.closeAllConnections();
  gateway.close();
});
beforeEach(() => {
  requests = 0;
  onRequest = async () => undefined;
});

describe.each([
  ['newest', Newest],
  ['current', OpenAI],
  ['oldest', Oldest],
])('the %s client', (_, Client) => {
  const client = () => new Client({ apiKey: 'sk-spotscribe-test', baseURL }) as OpenAI;

  test('retries until the job has its vectors, in the encoding that it chooses', async () => {
    asleep();
    onRequest = async (number) => {
      if (number === 2) await succeed(await onlyJob(), FILES);
    };
    const { data, usage } = await client().embeddings.create({ model: MODEL, input: ['a', 'b'] });
    expect(data.map(({ index, embedding }) => [index, embedding])).toEqual([...VECTORS.entries()]);
    expect(usage).toEqual({ prompt_tokens: 6, total_tokens: 6 });
    expect(jobs()).toHaveLength(1);
    expect(requests).toBe(2);
  });

  test('raises an error that names the input, and does not retry it', async () => {
    asleep();
    const refused = client().embeddings.create({ model: MODEL, input: ['a', ''] });
    await expect(refused).rejects.toMatchObject({ status: 400, param: 'input[1]' });
    expect(requests).toBe(1);
    expect(machines.came).toEqual([]);
  });
});

test('an answer that is too large is not retried', async () => {
  machines.answers(200, 'application/json', 'x'.repeat(4_500_001));
  const client = new OpenAI({ apiKey: 'sk-spotscribe-test', baseURL });
  await expect(client.embeddings.create({ model: MODEL, input: 'a' })).rejects.toThrow(BadRequestError);
  expect(requests).toBe(1);
});
