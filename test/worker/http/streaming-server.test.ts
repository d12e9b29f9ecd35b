import { once } from 'node:events';
import {
  type ClientRequest,
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  request as open,
  type RequestListener,
  type Server,
} from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { buffer, json, text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { createLog } from '../../../docker/worker/src/log';
import { Metering } from '../../../docker/worker/src/http/metering';
import { StreamingServer } from '../../../docker/worker/src/http/streaming-server';
import type { ErrorBody } from '../../../core/contract/values';
import type { KeyRow } from '../../../core/contract/usage';
import { TASKS } from '../../../core/tasks';
import { freePort } from '../../../local/ports';
import { until } from '../../until';

const KEY: KeyRow = {
  key_sha256: '',
  id: 'key_1',
  tenant: 'acme',
  name: 'laptop',
  created_at: '2026-03-01T12:00:00.000Z',
  minutes_per_day: 10,
  units_per_day: { character: 1000 },
};
const MOST_BYTES = 1 << 20;
const MIB = 1 << 20;
/** More bytes than the buffers of three sockets hold. */
const MUCH = 256 * MIB;

let listener: (...exchange: Parameters<RequestListener>) => Promise<void> | void;
/** The model service. */
let whisper: Server;
let streaming: StreamingServer;
let port: number;
let busy: number;
/** Number of requests that kept the machine awake. */
let worked: number;
/** Used seconds or characters. */
let used: number;
let counted: number[];
let bodies: Set<string>;
let unready: string | undefined;
let lines: Record<string, unknown>[];

interface Opened {
  mostBytes?: number;
  drainMs?: number;
  holder?: () => Promise<KeyRow | undefined>;
  add?: (work: number) => Promise<unknown>;
  task?: 'transcription' | 'speech';
}

async function start(opened: Opened = {}) {
  const { mostBytes = MOST_BYTES, drainMs = 60_000, holder, add, task = 'transcription' } = opened;
  const unit = task === 'speech' ? 'character' : 'audio_second';
  port = await freePort();
  const log = createLog({ write: (line) => void lines.push(JSON.parse(line) as Record<string, unknown>) });
  streaming = new StreamingServer({
    ...{ routes: TASKS[task].routes!, unit },
    keys: {
      holder: (authorization) =>
        holder?.() ?? Promise.resolve(authorization === 'Bearer good' ? KEY : undefined),
    },
    metering: new Metering(
      {
        used: () => Promise.resolve({ [unit]: used }),
        addOnce: async (_, { sha256, measures: { [unit]: work = 0 } }) => {
          await add?.(work);
          const isNew = !bodies.has(sha256);
          bodies.add(sha256);
          if (isNew) counted.push(work);
          return isNew;
        },
      },
      log,
      unit,
    ),
    serviceUrl: `http://127.0.0.1:${(whisper.address() as AddressInfo).port}`,
    unready: () => Promise.resolve(unready),
    during: (work) => {
      busy++;
      worked++;
      return work().finally(() => busy--);
    },
    mostBytes,
    log,
    lingerMs: 50,
    drainMs,
  });
  await streaming.listen('127.0.0.1', port);
}

beforeEach(async () => {
  [busy, worked, used, counted, unready, lines] = [0, 0, 0, [], undefined, []];
  bodies = new Set();
  whisper = createServer((request, response) => void listener(request, response));
  await once(whisper.listen(0, '127.0.0.1'), 'listening');
});
afterEach(async () => {
  await until(() => busy === 0, 'no request is left behind');
  await streaming.close();
  whisper.closeAllConnections();
  whisper.close();
});

interface Asked {
  method?: string;
  path?: string;
  headers?: Record<string, string | number>;
}

/** Opens a request whose body can be sent in pieces. */
function ask({
  method = 'POST',
  path = '/v1/audio/transcriptions',
  headers = {},
}: Asked = {}): ClientRequest {
  const call = open({
    host: '127.0.0.1',
    port,
    method,
    path,
    agent: false,
    headers: { authorization: 'Bearer good', ...headers },
  });
  // Errors of closed connections are expected.
  call.on('error', () => undefined);
  return call;
}
const answerTo = async (call: ClientRequest) => ((await once(call, 'response')) as [IncomingMessage])[0];
const whole = async (asked?: Asked) => answerTo(ask(asked).end(asked?.method === 'GET' ? '' : 'sound'));
const refusal = async (answer: IncomingMessage) => ({
  status: answer.statusCode,
  ...((await json(answer)) as ErrorBody).error,
});

describe('a forwarded request', () => {
  test('is streamed in both directions at the same time', async () => {
    await start();
    let heard = '';
    const said = held();
    listener = async (request, response) => {
      request.on('data', (chunk: Buffer) => (heard += chunk.toString()));
      await once(request, 'end');
      response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8' }).write('data: 1\n\n');
      await said.promise;
      response.end('data: 2\n\n');
    };
    const call = ask();
    call.write('first ');
    await until(() => heard === 'first ', 'the beginning of the upload has arrived');
    call.end('last');
    const answer = await answerTo(call);
    const events = answer[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
    expect(String((await events.next()).value)).toBe('data: 1\n\n');
    expect(busy).toBe(1);
    said.resolve();
    expect(String((await events.next()).value)).toBe('data: 2\n\n');
    expect((await events.next()).done).toBe(true);
    expect(heard).toBe('first last');
    await until(() => busy === 0, 'the request is over');
    expect(lines).toMatchObject([
      {
        key_id: 'key_1',
        tenant: 'acme',
        route: 'POST /v1/audio/transcriptions',
        status: 200,
        complete: true,
      },
    ]);
  });

  test('has only the required headers, without the key', async () => {
    await start();
    let seen: IncomingHttpHeaders = {};
    let url: string | undefined;
    listener = (request, response) => {
      [seen, url] = [request.headers, request.url];
      const headers = {
        'content-type': 'application/json',
        'x-spotscribe-degraded': 'alignment',
        'set-cookie': 'a=b',
        server: 'uvicorn',
      };
      request.resume().once('end', () => response.writeHead(200, headers).end('{}'));
    };
    const headers = {
      'content-type': 'multipart/form-data; boundary=x',
      cookie: 'c',
      'x-forwarded-for': '1.2.3.4',
    };
    const answer = await whole({ headers, path: '/v1/audio/translations?x=1' });
    expect(await text(answer)).toBe('{}');
    expect(url).toBe('/v1/audio/translations');
    expect(Object.keys(seen).sort()).toEqual(['connection', 'content-length', 'content-type', 'host']);
    expect(answer.headers).toMatchObject({
      'content-type': 'application/json',
      'x-spotscribe-degraded': 'alignment',
      'x-ratelimit-limit-audio-seconds': '600',
    });
    expect(answer.headers).not.toHaveProperty('set-cookie');
    expect(answer.headers).not.toHaveProperty('server');
  });

  test('applies backpressure to the caller if the service does not read', async () => {
    await start({ mostBytes: MUCH });
    let reads = () => undefined as void;
    let received = 0;
    listener = (request, response) => {
      reads = () => {
        request.on('data', (chunk: Buffer) => (received += chunk.length));
        request.once('end', () => response.end('{}'));
      };
    };
    const call = ask({ headers: { 'content-length': MUCH } });
    const chunk = Buffer.alloc(MIB);
    const sending = (async () => {
      for (let sent = 0; sent < MUCH; sent += chunk.length) if (!call.write(chunk)) await once(call, 'drain');
      call.end();
    })();
    expect(await settled(() => call.socket?.bytesWritten ?? 0)).toBeLessThan(64 * MIB);
    reads();
    await sending;
    expect((await answerTo(call)).statusCode).toBe(200);
    expect(received).toBe(MUCH);
  });

  test('applies backpressure to the service if the caller does not read', async () => {
    await start();
    let written = 0;
    listener = async (request, response) => {
      await buffer(request);
      const chunk = Buffer.alloc(MIB);
      for (; written < MUCH; written += chunk.length)
        if (!response.write(chunk)) await once(response, 'drain');
      response.end();
    };
    const answer = await whole();
    expect(await settled(() => written)).toBeLessThan(64 * MIB);
    let received = 0;
    for await (const chunk of answer as AsyncIterable<Buffer>) received += chunk.length;
    expect(received).toBe(MUCH);
  });

  test('ends at the service when the caller leaves, during the upload or the answer', async () => {
    await start();
    const left: string[] = [];
    listener = (request, response) => {
      response.once('close', () => left.push(request.complete ? 'answer' : 'upload'));
      request.on('error', () => undefined).on('data', () => undefined);
      request.once('end', () => response.writeHead(200).write('begun'));
    };
    const uploading = ask();
    uploading.write('half');
    await until(() => busy === 1, 'the request is running');
    uploading.destroy();
    await until(() => left.length === 1, 'the service is left');
    const answer = await whole();
    answer.destroy();
    await until(() => left.length === 2, 'the service is left');
    expect(left).toEqual(['upload', 'answer']);
  });

  test('is cut off for the caller if the service cuts it off', async () => {
    await start();
    listener = (request, response) => {
      request.resume().once('end', () => {
        response.writeHead(200, { 'content-type': 'text/event-stream' }).write('data: 1\n\n');
        setImmediate(() => response.destroy());
      });
    };
    await expect(text(await whole())).rejects.toThrow('aborted');
  });

  test('can be refused by the service during the upload', async () => {
    await start();
    listener = (_, response) => {
      response
        .writeHead(429, { 'content-type': 'application/json', 'retry-after': '10' })
        .end('{"error":{}}');
    };
    const call = ask({ headers: { 'content-length': MOST_BYTES } });
    call.write('the beginning');
    const answer = await answerTo(call);
    expect(answer.statusCode).toBe(429);
    expect(answer.headers['retry-after']).toBe('10');
    expect(await text(answer)).toBe('{"error":{}}');
    // The server does not read a sender that continues forever.
    await once(call.socket!, 'close');
  });
});

describe('a refused request', () => {
  beforeEach(async () => {
    listener = () => {
      throw new Error('The service was asked');
    };
    await start();
  });

  test.each<[string, Asked]>([
    ['another key', { headers: { authorization: 'Bearer bad' } }],
    ['an empty key', { headers: { authorization: '' } }],
    ['a list of models without a key', { method: 'GET', path: '/v1/models', headers: { authorization: '' } }],
  ])('%s: 401 in OpenAI’s format', async (_, asked) => {
    const answer = await whole(asked);
    expect(answer.headers['www-authenticate']).toBe('Bearer');
    expect(await refusal(answer)).toEqual({
      status: 401,
      code: 'unauthorized',
      type: 'invalid_request_error',
      param: null,
      message: expect.stringContaining('API key'),
    });
  });

  test.each<[string, string]>([
    ['POST', '/hybrid'],
    ['GET', '/metrics'],
    ['POST', '/transcribe'],
    ['GET', '/'],
    ['GET', '/v1/models/'],
    ['GET', '/v1/models/..%2F..%2Fmetrics/%'],
    ['GET', '/v1/models/%2e%2e'],
    ['GET', '/v1/models/..'],
    ['POST', '/v1/audio/transcriptions/'],
    ['POST', '/v1/audio/../../transcribe'],
    ['GET', '//v1/models'],
    ['POST', '/health'],
  ])('%s %s: 404, with a key or without', async (method, path) => {
    for (const authorization of ['Bearer good', 'Bearer bad'])
      expect(await refusal(await whole({ method, path, headers: { authorization } }))).toMatchObject({
        status: 404,
        code: 'not_found',
      });
  });

  test.each<[string, string, string]>([
    ['GET', '/v1/audio/transcriptions', 'POST'],
    ['POST', '/v1/models', 'GET'],
    ['PUT', '/v1/models/whisper-1', 'GET'],
  ])('%s %s: 405, with the method that it takes', async (method, path, allow) => {
    const answer = await whole({ method, path });
    expect(answer.headers).toMatchObject({ allow });
    expect(await refusal(answer)).toMatchObject({ status: 405, code: 'invalid_request' });
  });

  test('every request has an id, in its answer and in the log, even if it is refused', async () => {
    listener = (request, response) => void request.resume().once('end', () => response.end('{}'));
    const answers = [
      await whole(),
      await whole({ headers: { authorization: '' } }),
      await whole({ path: '/x' }),
    ];
    const ids = answers.map(({ headers }) => headers['x-request-id']);
    expect(new Set(ids).size).toBe(3);
    for (const id of ids) expect(id).toMatch(/^req_[0-9a-f]{32}$/);
    answers.forEach((answer) => answer.resume());
    await until(() => lines.length === 3, 'all are in the log');
    expect(lines.map(({ request_id }) => request_id)).toEqual(ids);
  });

  test('a body that is too large, at once if its length is announced', async () => {
    const call = ask({ headers: { 'content-length': 2 * MOST_BYTES } });
    call.flushHeaders();
    expect(await refusal(await answerTo(call))).toMatchObject({ status: 413, code: 'upload_too_large' });
  });

  test('a body that becomes too large', async () => {
    listener = (request) => void request.resume().on('error', () => undefined);
    const call = ask();
    call.write(Buffer.alloc(2 * MOST_BYTES));
    expect(await refusal(await answerTo(call))).toMatchObject({ status: 413, code: 'upload_too_large' });
  });

  test('every request while the service does not answer: 503', async () => {
    whisper.close();
    await once(whisper, 'close');
    const answer = await whole();
    expect(answer.headers['retry-after']).toBe('10');
    expect(await refusal(answer)).toMatchObject({ status: 503, code: 'busy', type: 'server_error' });
  });
});

describe('the quota of a key', () => {
  const events =
    (...data: string[]): RequestListener =>
    (request, response) => {
      request.resume().once('end', () => {
        response.writeHead(200, {
          'content-type': 'text/event-stream',
          'x-spotscribe-audio-seconds': '61.5',
        });
        response.end(data.map((each) => `data: ${each}\n\n`).join(''));
      });
    };
  beforeEach(() => start());

  test('is counted by the seconds reported by the service', async () => {
    listener = events('{"type":"transcript.text.done"}');
    await text(await whole());
    await until(() => busy === 0, 'the request is over');
    expect(counted).toEqual([61.5]);
  });

  test('is counted once for a repeated request with another boundary', async () => {
    listener = events('{"type":"transcript.text.done"}');
    const send = async (boundary: string, file: string, path?: string) => {
      const call = ask({ path, headers: { 'content-type': `multipart/form-data; boundary=${boundary}` } });
      const head = `--${boundary}\r\ncontent-disposition: form-data; name="file"; filename="a"\r\n\r\n`;
      call.end(`${head}${file}\r\n--${boundary}--\r\n`);
      await text(await answerTo(call));
      await until(() => busy === 0, 'the request is over');
    };
    for (const boundary of ['one', 'another']) await send(boundary, 'sound');
    expect(counted).toEqual([61.5]);
    await send('one', 'other sound');
    await send('one', 'sound', '/v1/audio/translations');
    expect(counted).toEqual([61.5, 61.5, 61.5]);
  });

  test('is not used by failures of the service', async () => {
    listener = events('{"type":"transcript.text.delta"}', '{"error":{"message":"out of memory"}}');
    await text(await whole());
    await until(() => busy === 0, 'the request is over');
    expect(counted).toEqual([]);
  });

  test('is counted for a caller that leaves early', async () => {
    listener = (request, response) => {
      request.resume().once('end', () => {
        response.writeHead(200, { 'content-type': 'text/event-stream', 'x-spotscribe-audio-seconds': '5' });
        response.write('data: {"type":"transcript.text.delta"}\n\n');
      });
    };
    const answer = await whole();
    await once(answer, 'data');
    answer.destroy();
    await until(() => busy === 0, 'the request is over');
    expect(counted).toEqual([5]);
  });

  test('is checked before the service is asked', async () => {
    used = 600;
    listener = () => {
      throw new Error('The service was asked');
    };
    const answer = await whole();
    expect(answer.headers).toMatchObject({
      'x-ratelimit-remaining-audio-seconds': '0',
      'x-should-retry': 'false',
      'retry-after': expect.stringMatching(/^\d+$/),
    });
    expect(await refusal(answer)).toMatchObject({
      status: 429,
      code: 'quota_exceeded',
      type: 'rate_limit_error',
    });
    expect(worked).toBe(0);
  });
});

describe('the routes of speech', () => {
  const SPEECH = { path: '/v1/audio/speech', headers: { 'content-type': 'application/json' } };
  const MADE = {
    'content-type': 'audio/mpeg',
    'x-spotscribe-characters': '42',
    'x-spotscribe-voice': 'af_heart',
    'x-spotscribe-ignored': 'instructions',
  };
  const speaks =
    (...pieces: Buffer[]): RequestListener =>
    (request, response) => {
      request.resume().once('end', () => {
        response.writeHead(200, MADE);
        for (const piece of pieces) response.write(piece);
        response.end();
      });
    };
  const say = async (body: string) => {
    const bytes = await buffer(await answerTo(ask(SPEECH).end(body)));
    await until(() => busy === 0, 'the request is over');
    return bytes;
  };
  beforeEach(() => start({ task: 'speech' }));

  test('pass the bytes of sound on as they come, with what the service says of them', async () => {
    const more = held();
    listener = async (request, response) => {
      await buffer(request);
      response.writeHead(200, MADE).write(Buffer.from([0xff, 0xfb, 0x00]));
      await more.promise;
      response.end(Buffer.from([0x80, 0x0a]));
    };
    const answer = await answerTo(ask(SPEECH).end('{"input":"Hello."}'));
    const pieces = answer[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
    expect((await pieces.next()).value).toEqual(Buffer.from([0xff, 0xfb, 0x00]));
    more.resolve();
    expect((await pieces.next()).value).toEqual(Buffer.from([0x80, 0x0a]));
    expect(answer.headers).toMatchObject({
      ...MADE,
      'x-ratelimit-limit-characters': '1000',
      'x-ratelimit-remaining-characters': '1000',
    });
    expect((await pieces.next()).done).toBe(true);
  });

  test('count characters, once for the same text', async () => {
    listener = speaks(Buffer.from([1]));
    expect(await say('{"input":"a"}')).toEqual(Buffer.from([1]));
    await say('{"input":"a"}');
    expect(counted).toEqual([42]);
    await say('{"input":"b"}');
    expect(counted).toEqual([42, 42]);
  });

  test('count nothing if the sound is cut off', async () => {
    listener = (request, response) => {
      request.resume().once('end', () => {
        response.writeHead(200, MADE).write(Buffer.alloc(10));
        setImmediate(() => response.destroy());
      });
    };
    await expect(say('{"input":"a"}')).rejects.toThrow('aborted');
    await until(() => busy === 0, 'the request is over');
    expect(counted).toEqual([]);
  });

  test('check the quota of characters', async () => {
    used = 1000;
    const answer = await whole(SPEECH);
    expect(answer.headers['x-ratelimit-remaining-characters']).toBe('0');
    expect(await refusal(answer)).toMatchObject({ status: 429, code: 'quota_exceeded' });
    expect(worked).toBe(0);
  });

  test('include the list of voices, and not the routes of transcripts', async () => {
    listener = (_, response) => void response.end('{"voices":[]}');
    expect(await json(await whole({ method: 'GET', path: '/v1/audio/voices' }))).toEqual({ voices: [] });
    expect(worked).toBe(0);
    expect(await refusal(await whole())).toMatchObject({ status: 404 });
    expect(await refusal(await whole({ method: 'POST', path: '/synthesize' }))).toMatchObject({
      status: 404,
    });
  });
});

describe('the public server', () => {
  beforeEach(() => start());

  test('reports to the load balancer only whether the machine can take requests', async () => {
    const health = async () => {
      const answer = await whole({ method: 'GET', path: '/health', headers: { authorization: '' } });
      return [answer.statusCode, await json(answer)];
    };
    expect(await health()).toEqual([200, { status: 'ok' }]);
    unready = 'the whisper service answers 503: its model at /models/secret is loaded';
    expect(await health()).toEqual([503, { status: 'unhealthy' }]);
  });

  test('forwards requests for models without keeping the machine awake', async () => {
    let during = NaN;
    listener = (_, response) => {
      during = busy;
      response.end('{"data":[]}');
    };
    expect(await json(await whole({ method: 'GET', path: '/v1/models' }))).toEqual({ data: [] });
    expect(during).toBe(0);
  });

  test.each([
    ['/v1/models/whisper-1', '/v1/models/whisper-1'],
    ['/v1/models/openai/whisper-large-v3', '/v1/models/openai%2Fwhisper-large-v3'],
    ['/v1/models/openai%2Fwhisper-large-v3', '/v1/models/openai%2Fwhisper-large-v3'],
    // A name is never interpreted as a path.
    ['/v1/models/../../metrics', '/v1/models/..%2F..%2Fmetrics'],
    ['/v1/models/..%5c..%5cmetrics', '/v1/models/..%5C..%5Cmetrics'],
    ['/v1/models/a%3Fb%23c', '/v1/models/a%3Fb%23c'],
  ])('asks for the model of %s only by its name: %s', async (path, passed) => {
    let asked: string | undefined;
    listener = ({ url }, response) => {
      asked = url;
      response.end('{"object":"model"}');
    };
    expect(await json(await whole({ method: 'GET', path }))).toEqual({ object: 'model' });
    expect(asked).toBe(passed);
  });

  test('forwards no body of a request for models: the service would read it as another request', async () => {
    let heard = '';
    whisper.on('connection', (socket) => socket.on('data', (chunk: Buffer) => (heard += chunk.toString())));
    listener = (_, response) => void response.end('{"data":[]}');
    const smuggled = 'POST /transcribe HTTP/1.1\r\nhost: whisper\r\ncontent-length: 0\r\n\r\n';
    const lengths: [string, string | number][] = [
      ['transfer-encoding', 'chunked'],
      ['content-length', smuggled.length],
    ];
    for (const length of lengths) {
      const headers = Object.fromEntries([length]);
      expect(
        await json(await answerTo(ask({ method: 'GET', path: '/v1/models', headers }).end(smuggled))),
      ).toEqual({ data: [] });
    }
    expect(heard.match(/^\w+ \S+ HTTP/gm)).toEqual(Array(2).fill('GET /v1/models HTTP'));
    expect(heard).not.toMatch(/transcribe|content-length|transfer-encoding/i);
  });

  test('closes when running requests have ended, and admits no new ones meanwhile', async () => {
    const said = held();
    listener = async (request, response) => {
      await buffer(request);
      response.writeHead(200, { 'content-type': 'text/event-stream' }).write('data: 1\n\n');
      await said.promise;
      response.end('data: 2\n\n');
    };
    const answer = await whole();
    await once(answer, 'readable');
    let isClosed = false;
    const closed = streaming.close().then(() => (isClosed = true));
    const [error] = (await once(connect(port, '127.0.0.1'), 'error').catch((cause: unknown) => [cause])) as [
      Error,
    ];
    expect(error.message).toContain('ECONNREFUSED');
    expect(isClosed).toBe(false);
    said.resolve();
    expect(await text(answer)).toBe('data: 1\n\ndata: 2\n\n');
    await closed;
    await start();
  });

  test('closes after answering requests whose key is being looked up', async () => {
    await streaming.close();
    const found = held();
    await start({ holder: () => found.promise.then(() => KEY) });
    listener = async (request, response) => void response.end(await text(request));
    const answer = whole();
    await until(() => streaming['inside'] === 1, 'the key is looked up');
    const closed = streaming.close();
    await sleep(200);
    found.resolve();
    expect(await text(await answer)).toBe('sound');
    await closed;
    await start();
  });

  test('counts aborted requests before it is closed', async () => {
    await streaming.close();
    await start({ drainMs: 0, add: () => sleep(50) });
    listener = (request, response) => {
      request.resume().once('end', () => {
        response.writeHead(200, { 'content-type': 'text/event-stream', 'x-spotscribe-audio-seconds': '5' });
        response.write('data: {"type":"transcript.text.delta"}\n\n');
      });
    };
    const answer = await whole();
    answer.on('error', () => undefined);
    await once(answer, 'data');
    await streaming.close();
    expect(counted).toEqual([5]);
    await start();
  });
});

/** A promise that is resolved by hand. */
function held() {
  let resolve = () => undefined as void;
  const promise = new Promise<void>((kept) => (resolve = kept));
  return { promise, resolve };
}

/** Waits until a number stops growing, when the buffers are full. */
async function settled(read: () => number): Promise<number> {
  let [before, same] = [-1, 0];
  while (same < 10) {
    await sleep(20);
    const now = read();
    same = now === before && now > 0 ? same + 1 : 0;
    before = now;
  }
  return before;
}
