import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import OpenAI from 'openai';
import Newest from 'openai-newest';
import { AT_ONCE, asleep, jobs, machines, onlyJob, useServers } from '../../support/recording-requests';
import { MODEL, SOUND, speak, succeed } from '../../support/speech-requests';

// OpenAI's own clients, unchanged, send requests for speech to the handler. The oldest one that is
// supported has no method for speech.

useServers();

/** Called with the number of each request, before it is handled. */
let onRequest: (number: number) => Promise<void>;
let requests = 0;

/** Acts as the HTTP API, which decodes base64. */
const gateway = createServer((incoming, outgoing) => {
  void (async () => {
    await onRequest(++requests);
    const headers = incoming.headers as Record<string, string>;
    const answer = await speak(await text(incoming), { headers, change: { limits: AT_ONCE } });
    if (answer.headers?.['retry-after'] !== undefined) answer.headers['retry-after'] = 0.01;
    const encoding = answer.isBase64Encoded === true ? 'base64' : 'utf8';
    outgoing
      .writeHead(answer.statusCode ?? 200, answer.headers as Record<string, string>)
      .end(Buffer.from(answer.body ?? '', encoding));
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
])('the %s client', (_, Client) => {
  const client = () => new Client({ apiKey: 'sk-spotscribe-test', baseURL }) as OpenAI;
  const asked = { model: MODEL, voice: 'alloy', input: 'Hello.' } as const;

  test('gets the sound of a running machine unchanged', async () => {
    machines.answers(200, 'audio/mpeg', SOUND, { 'x-spotscribe-characters': '6' });
    const answer = await client().audio.speech.create(asked);
    expect(Buffer.from(await answer.arrayBuffer())).toEqual(SOUND);
    expect(answer.headers.get('content-type')).toBe('audio/mpeg');
    expect(jobs()).toEqual([]);
  });

  test('retries until the job has its sound', async () => {
    asleep();
    onRequest = async (number) => {
      if (number === 2) await succeed(await onlyJob());
    };
    const answer = await client().audio.speech.create({ ...asked, response_format: 'opus' });
    expect(Buffer.from(await answer.arrayBuffer())).toEqual(SOUND);
    expect(requests).toBe(2);
  });

  test('raises an error that names the field, and does not retry it', async () => {
    const refused = client().audio.speech.create({ ...asked, input: '' });
    await expect(refused).rejects.toMatchObject({ status: 400, param: 'input' });
    expect(requests).toBe(1);
  });
});
