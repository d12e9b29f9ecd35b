import { HttpModelService } from '../../../docker/worker/src/services/http-model-service';
import type { AnalyzeEvent } from '../../../core/contract/work/analysis';
import type { TranscribeEvent } from '../../../core/contract/work/transcription';
import { TASKS } from '../../../core/tasks';
import { SpotscribeError } from '../../../core/contract/errors';
import { until } from '../../until';
import { hearing, ModelServer, type Script, segmentAt, understanding } from '../../support/model-server';

const never = new AbortController().signal;
let server: ModelServer;

afterEach(() => server.stop());

async function ask(script: Script, options = {}, signal = never): Promise<TranscribeEvent[]> {
  server = await ModelServer.start(script);
  const service = new HttpModelService('whisper', server.url, options);
  const events: TranscribeEvent[] = [];
  for await (const event of service.run(TASKS.transcription, { path: 'job/input', language: 'en' }, signal))
    events.push(event);
  return events;
}

const failure = async (asking: Promise<unknown>): Promise<SpotscribeError> => {
  const error: unknown = await asking.then(
    () => 'no failure',
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(SpotscribeError);
  return error as SpotscribeError;
};

const body = (code: string, message = 'because') => ({
  error: { code, message, type: 'server_error', param: null },
});

describe('the model service over HTTP', () => {
  it('sends the request and returns the events, the result last', async () => {
    const events = await ask(hearing(20, 1));
    expect(server.requests).toEqual([{ path: 'job/input', language: 'en' }]);
    expect(events.map(({ type }) => type)).toEqual([
      'started',
      'segment',
      'window',
      'segment',
      'window',
      'result',
    ]);
  });

  it('reads lines that arrive in pieces, with split characters', async () => {
    const line = Buffer.from(
      `${JSON.stringify({ type: 'segment', segment: { ...segmentAt(0), text: 'Grüße, 世界' } })}\n`,
    );
    const [segment] = await ask(async (request, answer) => {
      for (const byte of line) {
        answer.raw(Buffer.from([byte]));
        await new Promise(setImmediate);
      }
      return hearing(1, 0)(request, answer);
    });
    expect(segment).toMatchObject({ segment: { text: 'Grüße, 世界' } });
  });

  it.each(['bad_audio', 'audio_too_long', 'unsupported_media_type', 'invalid_request'])(
    'takes %s, before the stream or in it, for the fault of the audio',
    async (code) => {
      const before = await failure(ask((_, answer) => answer.refuse(422, body(code))));
      expect(before).toMatchObject({ code, permanent: true, message: 'because' });
      await server.stop();
      const within = await failure(
        ask((_, answer) =>
          answer.event({ type: 'error', error: { code: code as 'bad_audio', message: 'because' } }),
        ),
      );
      expect(within).toMatchObject({ code, permanent: true, message: 'because' });
    },
  );

  it.each([
    ['busy', 429, body('busy')],
    ['not loaded', 503, body('model_missing')],
    ['an internal error', 500, body('internal')],
    ['a shared folder that it cannot read', 404, body('source_not_found')],
    ['a shared folder without permission', 403, body('source_forbidden')],
    ['a proxy’s page', 502, '<html>'],
    ['an unknown code', 400, body('teapot')],
    ['a body without end', 400, 'x'.repeat(1 << 20)],
  ])('reports a retryable error after %s', async (_, status, answered) => {
    const error = await failure(ask((__, answer) => answer.refuse(status, answered)));
    expect(error).toMatchObject({ permanent: false, code: 'internal' });
  });

  it.each<[string, Script]>([
    ['cut off its answer', (_, answer) => (answer.raw('{"type":"st'), answer.breakOff())],
    ['ended without a result', (_, answer) => answer.event({ type: 'window', end: 1, progress: 0.5 })],
    ['sent nothing', (_, answer) => answer.raw('')],
    ['sent garbage', (_, answer) => answer.raw('\u0000\u0001 what was said\n')],
    ['sent an unknown event', (_, answer) => answer.raw('{"type":"dance"}\n')],
    ['sent an invalid time', (_, answer) => answer.raw('{"type":"window","end":-1,"progress":0}\n')],
    ['sent a line without end', (_, answer) => answer.raw('x'.repeat(3000))],
    ['sent a line that is too long', (_, answer) => answer.raw(`${'x'.repeat(3000)}\n`)],
  ])('reports a retryable error when the service %s', async (_, script) => {
    const error = await failure(ask(script, { maxLineBytes: 2000 }));
    expect(error).toMatchObject({ permanent: false, name: 'ModelServiceFailed' });
    expect(error.message).not.toContain('what was said');
  });

  it('fails if the service is silent', async () => {
    const hang: Script = async (_, answer) => {
      answer.event({ type: 'started', duration: 1, engine: 'e', model: 'm' });
      await until(() => answer.gone, 'the caller leaves');
    };
    const error = await failure(ask(hang, { silenceMs: 200 }));
    expect(error).toMatchObject({ permanent: false, message: expect.stringContaining('silent for 200 ms') });
  });

  it('waits for a healthy service that is decoding, but not for an unhealthy one', async () => {
    let answers = 0;
    const decodes: Script = async (request, answer) => {
      if (++answers > 1) server.healthy = false;
      await new Promise((resolve) => setTimeout(resolve, 1500));
      return answer.gone ? undefined : hearing(10, 1)(request, answer);
    };
    server = await ModelServer.start(decodes);
    const service = new HttpModelService('whisper', server.url, { silenceMs: 300 });
    const types = async () => {
      const found: string[] = [];
      for await (const { type } of service.run(TASKS.transcription, { path: 'a' }, never)) found.push(type);
      return found;
    };
    expect(await types()).toContain('result');
    const error = await failure(types());
    expect(error).toMatchObject({ permanent: false, message: expect.stringContaining('silent for 300 ms') });
  });

  it('returns an analysis, and refuses an invalid one', async () => {
    const asked = { path: 'job/input', tasks: ['topics' as const] };
    server = await ModelServer.start(hearing(1, 1), understanding(20, 1));
    const events: AnalyzeEvent[] = [];
    const service = new HttpModelService('voxtral', server.url);
    for await (const event of service.run(TASKS.analysis, asked, never)) events.push(event);
    expect(events.map(({ type }) => type)).toEqual(['started', 'window', 'window', 'result']);
    expect(server.analyses).toEqual([asked]);
    server.analyst = (_, answer) => answer.raw('{"type":"result","analysis":{"summary":"secret"}}\n');
    const wrong = service.run(TASKS.analysis, asked, never).next();
    const error = await failure(wrong);
    expect(error.message).toContain('not a valid event');
    expect(error.message).not.toContain('secret');
  });

  it('waits for a slow service while it sends lines', async () => {
    // The total time is longer than the silence limit, but each window is much shorter.
    const events = await ask(hearing(100, 400), { silenceMs: 3000 });
    expect(events.at(-1)?.type).toBe('result');
  });

  it('ends the request when it is aborted, and throws the reason', async () => {
    const abort = new AbortController();
    const reason = new Error('stop');
    let begun = false;
    const long: Script = (request, answer) => ((begun = true), hearing(1000, 50)(request, answer));
    const asking = expect(ask(long, {}, abort.signal)).rejects.toBe(reason);
    await until(() => begun);
    abort.abort(reason);
    await asking;
    await until(() => server.abandoned === 1, 'the service is aborted');
  });

  it('reports the state of a service with the reason', async () => {
    server = await ModelServer.start(hearing(1, 1));
    const service = new HttpModelService('whisper', server.url);
    expect(await service.state()).toEqual({ state: 'ready' });
    server.idleSeconds = 12.5;
    expect(await service.state()).toEqual({ state: 'ready', idleSeconds: 12.5 });
    server.healthy = false;
    expect(await service.state()).toMatchObject({
      state: 'loading',
      reason: expect.stringMatching(/whisper.* 503/),
    });
    server.failure = 'the file model.bin is missing';
    expect(await service.state()).toMatchObject({
      state: 'failed',
      reason: expect.stringContaining('model.bin'),
    });
    const gone = new HttpModelService('voxtral', 'http://127.0.0.1:1');
    expect(await gone.state()).toMatchObject({
      state: 'absent',
      reason: expect.stringContaining('the voxtral service does not answer'),
    });
  });

  it('fails if the service sends only empty lines', async () => {
    const busy: Script = async (_, answer) => {
      while (!answer.gone) {
        answer.raw('\n');
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    };
    const error = await failure(ask(busy, { silenceMs: 60_000, stuckMs: 300 }));
    expect(error).toMatchObject({
      permanent: false,
      message: expect.stringContaining('no event for 300 ms'),
    });
    await until(() => server.abandoned === 1, 'the service is aborted');
  });

  it('waits for the next event of work that is paused, and then as long as for any other', async () => {
    const silent = (_: unknown, answer: { gone: boolean }) => until(() => answer.gone, 'it is given up');
    server = await ModelServer.start(silent, silent);
    let looks = 0;
    const service = new HttpModelService('voxtral', server.url, { silenceMs: 60_000, stuckMs: 100 });
    const isPaused = () => ++looks < 4;
    const work = service.run(TASKS.analysis, { path: 'job/input' }, never, isPaused).next();
    expect(await failure(work)).toMatchObject({ message: expect.stringContaining('no event for 100 ms') });
    expect(looks).toBe(4);
  });

  it('uses no proxy', async () => {
    process.env.HTTP_PROXY = process.env.http_proxy = 'http://127.0.0.1:1';
    try {
      expect((await ask(hearing(10, 1))).at(-1)?.type).toBe('result');
    } finally {
      delete process.env.HTTP_PROXY;
      delete process.env.http_proxy;
    }
  });
});
