import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DirectRoute } from '../../../docker/worker/src/http/direct-route';
import { GuardedService } from '../../../docker/worker/src/services/guarded-service';
import { Health } from '../../../docker/worker/src/http/health';
import { HttpModelService } from '../../../docker/worker/src/services/http-model-service';
import { createLog } from '../../../docker/worker/src/log';
import { MachineTime } from '../../../docker/worker/src/jobs/machine-time';
import { Metrics } from '../../../docker/worker/src/http/metrics';
import { Stopping } from '../../../docker/worker/src/errors';
import { Services } from '../../../docker/worker/src/services/services';
import { Scratch } from '../../../docker/worker/src/jobs/scratch';
import { createServer } from '../../../docker/worker/src/http/server';
import type { ErrorBody } from '../../../core/contract/values';
import type { HybridEvent, HybridResult } from '../../../core/contract/work/hybrid';
import { BOUNDARY, CONTENT_TYPE, mutated } from '../../multipart-mutations';
import { until } from '../../until';
import { hearing, ModelServer, segmentAt, transcriptOf, understanding } from '../../support/model-server';

const SCHEMA = { type: 'object', properties: { caller: { type: 'string' } } };
const log = createLog({ write: () => undefined });
let whisper: ModelServer;
let voxtral: ModelServer;
let folder: string;
let busy: number;
let stallMs: number;
let stopping: AbortController;
let server: ReturnType<typeof createServer>;
let url: string;

beforeEach(async () => {
  whisper = await ModelServer.start(hearing(20, 1));
  voxtral = await ModelServer.start(hearing(20, 1), understanding(20, 1));
  folder = mkdtempSync(join(tmpdir(), 'direct-'));
  busy = 0;
  stallMs = 60_000;
  stopping = new AbortController();
  const guarded = (name: string, service: ModelServer) =>
    new GuardedService(new HttpModelService(name, service.url), log, { absentMs: 0 });
  const direct = new DirectRoute({
    services: new Services([
      { service: guarded('whisper', whisper), tasks: ['transcription'] },
      { service: guarded('voxtral', voxtral), tasks: ['analysis'] },
    ]),
    scratch: new Scratch(folder),
    receiver: () => ({
      during: async (work) => {
        busy++;
        return work().finally(() => busy--);
      },
    }),
    machineTime: new MachineTime(),
    stopping: stopping.signal,
    log,
    maxUploadBytes: 1000,
    maxAudioSeconds: 3600,
    get stallMs() {
      return stallMs;
    },
    maxWaitingBytes: 8 << 20,
  });
  const health = new Health([], new Scratch(folder));
  server = createServer(health, new Metrics({ idleSeconds: () => 0, busy: () => 0 }), log, direct);
  url = `${await server.listen({ host: '127.0.0.1', port: 0 })}/hybrid`;
});
afterEach(async () => {
  await until(() => readdirSync(folder).length === 0 && busy === 0, 'nothing is left behind');
  await server.close();
  await Promise.all([whisper.stop(), voxtral.stop()]);
  rmSync(folder, { recursive: true });
});

function form(fields: [string, string][] = [], audio: Blob | null = new Blob(['sound'])): FormData {
  const made = new FormData();
  if (audio !== null) made.append('file', audio, '../talk.mp3');
  for (const [name, value] of fields) made.append(name, value);
  return made;
}

const post = (body: string | FormData, headers: Record<string, string> = {}, signal?: AbortSignal) =>
  fetch(url, { method: 'POST', body, headers, signal });
const refusal = async (answer: Response) => ({
  status: answer.status,
  ...((await answer.json()) as ErrorBody).error,
});

describe('audio in a request', () => {
  it('is transcribed and analysed, and no file is left', async () => {
    let heard = '';
    whisper.script = (request, answer) => {
      heard = readFileSync(join(folder, request.path), 'utf8');
      expect(busy).toBe(1);
      return hearing(20, 1)(request, answer);
    };
    const answer = await post(form());
    expect(answer.status).toBe(200);
    expect(readdirSync(folder)).toEqual([]);
    const result = (await answer.json()) as HybridResult;
    expect(heard).toBe('sound');
    expect(result.transcript?.segments).toHaveLength(2);
    expect(result.analysis?.topics?.map(({ located }) => located)).toEqual([true, true]);
    expect(result.degraded).toEqual([]);
  });

  it('is answered with the events of both services, the transcript before the analysis', async () => {
    let release = () => undefined as void;
    const freed = new Promise<void>((resolve) => (release = resolve));
    voxtral.analyst = async (request, answer) => {
      await freed;
      await understanding(20, 1)(request, answer);
    };
    const answer = await post(form(), { accept: 'application/x-ndjson' });
    expect(answer.headers.get('content-type')).toBe('application/x-ndjson');
    expect(answer.headers.get('x-request-id')).toMatch(/^req_[0-9a-f]{32}$/);
    const events: HybridEvent[] = [];
    let rest = '';
    for await (const chunk of answer.body!.pipeThrough(new TextDecoderStream())) {
      const lines = `${rest}${chunk}`.split('\n');
      rest = lines.pop()!;
      for (const line of lines.filter((each) => each !== '')) events.push(JSON.parse(line) as HybridEvent);
      const transcribed = events.some((each) => each.type === 'transcript' && each.event.type === 'result');
      if (transcribed) release();
    }
    const kinds = events.map((each) => ('event' in each ? `${each.type} ${each.event.type}` : each.type));
    expect(kinds.indexOf('transcript result')).toBeLessThan(kinds.indexOf('analysis started'));
    expect(kinds.at(-1)).toBe('result');
    expect(events.at(-1)).toMatchObject({ transcript: { duration: 20 }, analysis: { duration: 20 } });
  });

  it('has options for transcription and analysis as fields', async () => {
    const fields: [string, string][] = [
      ['language', 'English'],
      ['diarize', 'true'],
      ['num_speakers', '2'],
      ['track', '2'],
      ['tasks', 'topics, summary'],
      ['question', 'Who?'],
      ['question', 'When?'],
      ['schema', JSON.stringify(SCHEMA)],
    ];
    expect((await post(form(fields))).status).toBe(200);
    expect(whisper.requests).toMatchObject([
      { language: 'en', diarize: true, num_speakers: 2, track: 2, max_seconds: 3600 },
    ]);
    expect(voxtral.analyses).toMatchObject([
      // The analysis hears the track that is transcribed.
      { tasks: ['topics', 'summary'], questions: ['Who?', 'When?'], schema: SCHEMA, track: 2 },
    ]);
    expect((await post(form([['analysis', 'false']]))).status).toBe(200);
    expect(voxtral.analyses).toHaveLength(1);
    const words: [string, string][] = [
      ['prompt', 'true'],
      ['hotwords', 'constructor'],
    ];
    expect((await post(form(words))).status).toBe(200);
    expect(whisper.requests.at(-1)).toMatchObject({ prompt: 'true', hotwords: 'constructor' });
    expect((await post(form([['channels', 'separate']]))).status).toBe(200);
    expect(whisper.requests.at(-1)).toMatchObject({ channels: 'separate' });
  });

  it('is answered with the result of one service if the other fails', async () => {
    voxtral.analyst = (_, answer) => answer.breakOff();
    const result = (await (await post(form())).json()) as HybridResult;
    expect(result.transcript?.segments).toHaveLength(2);
    expect(result.degraded).toMatchObject([
      { stage: 'analysis', reason: expect.stringContaining('did not finish') },
    ]);
  });

  it('is refused temporarily if both fail', async () => {
    whisper.script = (_, answer) => answer.breakOff();
    voxtral.analyst = (_, answer) => answer.breakOff();
    const answer = await post(form());
    expect(answer.headers.get('retry-after')).toBe('10');
    expect(await refusal(answer)).toMatchObject({ status: 503, code: 'internal', type: 'server_error' });
    const streamed = await post(form(), { accept: 'application/x-ndjson' });
    const lines = (await streamed.text()).trim().split('\n');
    expect(JSON.parse(lines.at(-1)!)).toMatchObject({ type: 'error', error: { code: 'internal' } });
  });

  it.each<[string, string | FormData, number, string, RegExp]>([
    ['no form', 'sound', 415, 'unsupported_media_type', /multipart.*curl -F file=.*got "text\/plain/],
    ['no file', form([['language', 'en']], null), 400, 'invalid_request', /no "file"/],
    ['an unknown field', form([['colour', 'red']]), 400, 'invalid_request', /colour/],
    ['a wrong value', form([['num_speakers', '0']]), 400, 'invalid_request', /num_speakers/],
    [
      'an unknown task',
      form([['tasks', 'gossip']]),
      400,
      'invalid_request',
      /^"tasks\.0" is not valid.*gossip/,
    ],
    [
      'an analysis that is both disabled and requested',
      form([
        ['analysis', 'false'],
        ['tasks', 'topics'],
      ]),
      400,
      'invalid_request',
      /leave one out/,
    ],
    [
      'a schema that is not supported',
      form([['schema', '{"type": "object", "properties": {"a": {"type": "string", "pattern": "x"}}}']]),
      400,
      'invalid_request',
      /^"schema\.properties\.a\.pattern" is not valid: It is not supported .*"description"; got "x"$/,
    ],
    ['a field of prototypes', form([['__proto__', '{}']]), 400, 'invalid_request', /./],
    [
      'a field without end',
      form([['prompt', 'x'.repeat(300_000)]]),
      400,
      'invalid_request',
      /^"prompt" must be at most 16384 bytes: shorten it$/,
    ],
    ['half a list', form([['languages[0][1]', 'en']]), 400, 'invalid_request', /not a known field/],
    ['an unknown language', form([['language', 'Klingon']]), 400, 'invalid_request', /Klingon/],
    ['text instead of a file', form([['file', 'talk.mp3']], null), 400, 'invalid_request', /came as text/],
    ['an empty file', form([], new Blob([])), 422, 'bad_audio', /empty/],
    [
      'a file that is too large',
      form([], new Blob(['x'.repeat(1001)])),
      413,
      'upload_too_large',
      /1000 bytes/,
    ],
  ])('is refused with %s', async (_, body, status, code, message) => {
    const answered = await refusal(await post(body));
    expect(answered).toMatchObject({ status, code, message: expect.stringMatching(message) });
    expect(whisper.requests).toHaveLength(0);
  });

  it.each([
    [[['tasks', 'gossip']], 'tasks'],
    [[['question', ' ']], 'question'],
    [[['schema', '{"type": ']], 'schema'],
    [[['schema', '[]']], 'schema'],
    [[['schema', '{"type": "object", "properties": {"a": {"type": "date"}}}']], 'schema'],
    [[['language', 'Klingon']], 'language'],
    [[['num_speakers', '2']], 'num_speakers'],
  ] as [[string, string][], string][])(
    'names the field of %j, as the job API does',
    async (fields, param) => {
      const answer = await post(form(fields));
      expect(((await answer.json()) as { error: { param: string } }).error.param).toBe(param);
    },
  );

  const send = (body: Buffer, type = CONTENT_TYPE) =>
    fetch(url, { method: 'POST', body, headers: { 'content-type': type } });
  const raw = (headers: string, value: string, end = `\r\n--${BOUNDARY}--\r\n`) =>
    Buffer.from(`--${BOUNDARY}\r\n${headers}\r\n\r\n${value}${end}`);
  const FILE_HEADERS = 'Content-Disposition: form-data; name="file"; filename="talk.mp3"';

  it.each<[string, Buffer, RegExp]>([
    ['a part without a name', raw('Content-Type: text/plain', 'y'.repeat(200_000)), /has no name/],
    ['a form that is cut off', raw(FILE_HEADERS, 'sound', ''), /its closing boundary is missing/],
    ['another boundary', Buffer.from('--y--\r\n'), /does not contain the boundary/],
  ])('is refused with %s, at once', async (_, body, message) => {
    expect(await refusal(await send(body))).toMatchObject({
      status: 400,
      message: expect.stringMatching(message),
    });
    expect(whisper.requests).toHaveLength(0);
  });

  it('is a valid form or is refused, for any body, and no file is left', async () => {
    for (let seed = 0; seed < 400; seed++) {
      const answer = await send(mutated(seed));
      const { error } = (await answer.json()) as Partial<ErrorBody>;
      const about = { seed, status: answer.status, code: error?.code };
      expect([200, 400, 413, 422]).toContain(about.status);
      expect(error?.message.length ?? 0).toBeLessThan(500);
      expect(answer.headers.get('x-request-id')).toMatch(/^req_[0-9a-f]{32}$/);
    }
  }, 120_000);

  it.each([
    ['GET', '/hybrid', 405, 'invalid_request', 'POST'],
    ['POST', '/health', 405, 'invalid_request', 'GET, HEAD'],
    ['POST', '/hybrids', 404, 'not_found', null],
  ])('is %s %s: refused in OpenAI’s format', async (method, path, status, code, allow) => {
    const answer = await fetch(new URL(path, url), { method });
    expect(await refusal(answer)).toMatchObject({ status, code, type: 'invalid_request_error' });
    expect(answer.headers.get('allow')).toBe(allow);
    expect(answer.headers.get('x-request-id')).toMatch(/^req_/);
  });

  it('is refused with the code of its fault', async () => {
    whisper.script = (_, answer) =>
      answer.refuse(422, {
        error: { code: 'bad_audio', message: 'noise', type: 'invalid_request_error', param: null },
      });
    expect(await refusal(await post(form()))).toMatchObject({
      status: 422,
      code: 'bad_audio',
      message: 'noise',
    });
  });

  it('is cancelled at both services when its caller leaves', async () => {
    whisper.script = hearing(1000, 20);
    voxtral.analyst = understanding(1000, 20);
    const leave = new AbortController();
    const answer = post(form(), { accept: 'application/x-ndjson' }, leave.signal).then((got) => got.text());
    const lost = expect(answer).rejects.toThrow();
    await until(() => whisper.requests.length === 1 && voxtral.analyses.length === 1, 'both work');
    leave.abort();
    await lost;
    await until(() => whisper.abandoned === 1 && voxtral.abandoned === 1, 'both are aborted');
  });

  /** Sends a form and does not read the answer. */
  async function postAndNeverRead(accept: string) {
    const { hostname, port } = new URL(url);
    const body = new Response(form());
    const bytes = Buffer.from(await body.arrayBuffer());
    const socket = connect(Number(port), hostname).pause();
    socket.on('error', () => undefined);
    socket.write(
      `POST /hybrid HTTP/1.1\r\nhost: test\r\naccept: ${accept}\r\ncontent-length: ${bytes.length}\r\n` +
        `content-type: ${body.headers.get('content-type')}\r\n\r\n`,
    );
    socket.write(bytes);
    return socket;
  }
  const talkative = () => {
    const long = { ...segmentAt(0), text: 'x'.repeat(1 << 20) };
    whisper.script = (_, answer) => {
      for (let times = 0; times < 12; times++) answer.event({ type: 'segment', segment: long });
      answer.event({ type: 'result', transcript: transcriptOf(Array<typeof long>(6).fill(long), 20) });
    };
  };

  it('is cancelled if the caller does not read while the models are working', async () => {
    talkative();
    voxtral.analyst = understanding(100_000, 20);
    const socket = await postAndNeverRead('application/x-ndjson');
    await until(() => voxtral.abandoned === 1, 'the model is aborted');
    await until(() => busy === 0, 'the place is free');
    socket.destroy();
  });

  it('is cancelled if the caller does not read the answer', async () => {
    talkative();
    stallMs = 1_000;
    const socket = await postAndNeverRead('application/json');
    await until(() => whisper.requests.length === 1, 'it is inside');
    const open = () => new Promise<number>((count) => server.server.getConnections((_, n) => count(n)));
    await until(async () => (await open()) === 0, 'the caller is given up');
    await until(() => readdirSync(folder).length === 0, 'nothing is left');
    socket.destroy();
  });

  it('is refused beyond four requests, and when the worker stops', async () => {
    whisper.script = hearing(1000, 20);
    const four = [1, 2, 3, 4].map(() => post(form()).then(refusal));
    await until(() => busy === 4, 'four are inside');
    const fifth = await post(form());
    expect(fifth.headers.get('retry-after')).toBe('10');
    expect(await refusal(fifth)).toMatchObject({ status: 429, code: 'busy' });
    stopping.abort(new Stopping());
    for (const each of await Promise.all(four)) expect(each).toMatchObject({ status: 503 });
    expect(await refusal(await post(form()))).toMatchObject({ status: 503, message: /being stopped/ });
    expect(existsSync(folder)).toBe(true);
  });
});
