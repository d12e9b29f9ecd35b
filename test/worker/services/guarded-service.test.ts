import type { TranscribeEvent } from '../../../core/contract/work/transcription';
import { TASKS } from '../../../core/tasks';
import { GuardedService, type Guards } from '../../../docker/worker/src/services/guarded-service';
import { HttpModelService } from '../../../docker/worker/src/services/http-model-service';
import { createLog } from '../../../docker/worker/src/log';
import { until } from '../../until';
import { hearing, ModelServer, type Script, understanding } from '../../support/model-server';

const never = new AbortController().signal;
const breaks: Script = (_, answer) => answer.breakOff();
const REST = 3_600_000;

let server: ModelServer;
let lines: string[];
/** Offset of the clock in milliseconds. */
let ahead: number;
beforeEach(async () => {
  lines = [];
  ahead = 0;
  const now = Date.now;
  jest.spyOn(Date, 'now').mockImplementation(() => now() + ahead);
  server = await ModelServer.start(hearing(10, 1));
});
afterEach(async () => {
  jest.restoreAllMocks();
  await server.stop();
});

/** The circuit breaker closes when a test advances the clock, not earlier. */
const afterRest = () => void (ahead += REST);

const guarded = (guards: Guards = {}) =>
  new GuardedService(
    new HttpModelService('whisper', server.url, { healthTimeoutMs: 60_000 }),
    createLog({ write: (line) => void lines.push(line) }),
    { restMs: REST, absentMs: 0, ...guards },
  );

let held = 0;
const begin = () => {
  held++;
  return () => void held--;
};

async function transcribe(service: GuardedService, signal = never): Promise<string[]> {
  const types: string[] = [];
  const on = ({ type }: TranscribeEvent) => void types.push(type);
  await service.run(TASKS.transcription, { path: 'a' }, { signal, begin }, on);
  return types;
}

/** Errors that count as a failure of the job, and errors that do not. */
const failure = (message: RegExp) => ({
  name: 'ModelServiceFailed',
  message: expect.stringMatching(message),
});
const unready = (message: RegExp) => ({ name: 'ServiceUnready', message: expect.stringMatching(message) });

describe('a guarded service', () => {
  it.each([
    ['one at a time', undefined, 1],
    ['as many at once as it works on together', 3, 3],
  ])('gets jobs %s', async (_, jobsAtOnce, most) => {
    server.jobsAtOnce = jobsAtOnce;
    const ends: (() => void)[] = [];
    server.script = async (request, answer) => {
      await new Promise<void>((resolve) => ends.push(resolve));
      await hearing(10, 1)(request, answer);
    };
    const service = guarded();
    await service.unready();
    const jobs = Array.from({ length: 5 }, () => transcribe(service));
    for (let ended = 0; ended < jobs.length; ended++) {
      await until(() => ends.length === Math.min(ended + most, jobs.length), 'the places are taken');
      ends[ended]!();
    }
    await Promise.all(jobs);
    expect(server.mostAtOnce).toBe(most);
  });

  it('forwards events, and reports when the job gets the service', async () => {
    expect(await transcribe(guarded())).toEqual(['started', 'segment', 'window', 'result']);
    expect(held).toBe(0);
  });

  it('admits one job at a time', async () => {
    const service = guarded();
    await Promise.all([transcribe(service), transcribe(service), transcribe(service)]);
    expect(server.requests).toHaveLength(3);
    expect(server.mostAtOnce).toBe(1);
  });

  it('waits for a service that loads its model', async () => {
    server.healthy = false;
    const work = transcribe(guarded());
    setTimeout(() => (server.healthy = true), 100);
    expect(await work).toContain('result');
  });

  it('gives a stuck service the full time to restart', async () => {
    const absentMs = 4_000;
    const http = new HttpModelService('whisper', server.url, { healthTimeoutMs: 200 });
    const look = http.state.bind(http);
    const seen: string[] = [];
    http.state = async () => {
      const found = await look();
      seen.push(found.state);
      return found;
    };
    server.healthy = false;
    const began = Date.now();
    const work = transcribe(new GuardedService(http, createLog({ write: () => undefined }), { absentMs }));
    await until(
      () => seen.length > 1 && Date.now() - began > absentMs,
      'it has been stuck for longer than that',
    );
    const { port } = new URL(server.url);
    await server.stop();
    await until(() => seen.includes('absent'), 'it has ended');
    server = await ModelServer.start(hearing(10, 1), undefined, Number(port));
    expect(await work).toContain('result');
  });

  it('limits the total wait to the time for loading a model, then fails the job', async () => {
    const service = guarded({ loadingMs: 300, absentMs: 60_000 });
    await server.stop();
    await expect(transcribe(service)).rejects.toMatchObject(failure(/does not answer/));
    server = await ModelServer.start(hearing(10, 1));
  });

  it('does not wait for a service that could not load its model', async () => {
    server.healthy = false;
    server.failure = 'model.bin is missing';
    await expect(transcribe(guarded())).rejects.toMatchObject(failure(/model\.bin is missing/));
    expect(server.requests).toHaveLength(0);
  });

  it('stops waiting when aborted', async () => {
    server.healthy = false;
    const stop = new AbortController();
    const work = transcribe(guarded(), stop.signal);
    setTimeout(() => stop.abort(new Error('stop')), 50);
    await expect(work).rejects.toThrow('stop');
  });

  it('opens the circuit breaker after two consecutive failures, and tries the service again later', async () => {
    const service = guarded();
    server.script = breaks;
    await expect(transcribe(service)).rejects.toThrow(/did not finish/);
    expect(service.rests).toBe(false);
    await expect(transcribe(service)).rejects.toThrow(/did not finish/);
    expect(service.rests).toBe(true);
    expect(await service.unready()).toMatch(/not used for a while; last failure: .*did not finish/);
    // Only jobs use the circuit breaker; others use the state of the service.
    expect(await service.unreadyItself()).toBeUndefined();
    await expect(transcribe(service)).rejects.toMatchObject(
      unready(/not used for a while; last failure: .*did not finish/),
    );
    expect(server.requests).toHaveLength(2);

    afterRest();
    expect(service.rests).toBe(false);
    await expect(transcribe(service)).rejects.toThrow(/did not finish/);
    expect(server.requests).toHaveLength(3);
    expect(service.rests).toBe(true);

    server.script = hearing(10, 1);
    afterRest();
    expect(service.rests).toBe(false);
    expect(await transcribe(service)).toContain('result');
    expect(await service.unready()).toBeUndefined();
    server.script = breaks;
    await expect(transcribe(service)).rejects.toThrow(/did not finish/);
    expect(service.rests).toBe(false);
    expect(lines.filter((line) => line.includes('circuit breaker opened'))).toHaveLength(2);
    expect(lines.filter((line) => line.includes('circuit breaker closed'))).toHaveLength(1);
  });

  it('reports the time since the last request, which is infinite if the service does not count requests', async () => {
    const service = guarded();
    expect(await service.idleSeconds()).toBe(Infinity);
    server.idleSeconds = 7;
    expect(await service.idleSeconds()).toBe(7);
  });

  it.each([
    ['loads its model', undefined],
    ['could not load its model', 'model.bin is missing'],
  ])('is not idle while it %s, until it has not been ready for twenty minutes', async (_, failure) => {
    const service = guarded();
    server.idleSeconds = 3_600;
    [server.healthy, server.failure] = [false, failure];
    expect(await service.idleSeconds()).toBe(0);
    ahead = 1_190_000;
    expect(await service.idleSeconds()).toBe(0);
    ahead = 1_200_000;
    expect(await service.idleSeconds()).toBe(Infinity);
    server.healthy = true;
    expect(await service.idleSeconds()).toBe(3_600);
    server.healthy = false;
    expect(await service.idleSeconds()).toBe(0);
  });

  it('is not idle while it does not answer: it may be too busy', async () => {
    const service = guarded();
    await server.stop();
    expect(await service.idleSeconds()).toBe(0);
    server = await ModelServer.start(hearing(10, 1));
  });

  it('does not try a service that is not ready when the circuit breaker may close', async () => {
    const service = guarded({ loadingMs: 60_000 });
    server.script = breaks;
    await expect(transcribe(service)).rejects.toThrow(/did not finish/);
    await expect(transcribe(service)).rejects.toThrow(/did not finish/);
    server.healthy = false;
    afterRest();
    expect(service.rests).toBe(false);
    await expect(transcribe(service)).rejects.toMatchObject(unready(/returned 503/));
    expect(server.requests).toHaveLength(2);
    expect(service.rests).toBe(true);
  });

  it('sends no waiting job to a service that failed meanwhile', async () => {
    const service = guarded();
    server.script = breaks;
    const ended = await Promise.allSettled([1, 2, 3, 4].map(() => transcribe(service)));
    expect(ended.map(({ status }) => status)).toEqual(Array(4).fill('rejected'));
    expect(server.requests).toHaveLength(2);
  });

  it('lets jobs stop waiting while another job tries the service', async () => {
    const service = guarded();
    server.script = breaks;
    await Promise.allSettled([transcribe(service), transcribe(service)]);
    afterRest();
    expect(service.rests).toBe(false);
    server.script = () => new Promise<void>(() => undefined);
    const stop = new AbortController();
    const trial = transcribe(service, stop.signal);
    await until(() => server.requests.length === 3, 'it is tried');
    await expect(transcribe(service, AbortSignal.abort(new Error('cancelled')))).rejects.toThrow('cancelled');
    stop.abort(new Error('stop'));
    await expect(trial).rejects.toThrow('stop');
  });

  it('does not count bad audio as a failure of the service', async () => {
    const service = guarded();
    server.script = (_, answer) =>
      answer.refuse(422, {
        error: { code: 'bad_audio', message: 'noise', type: 'invalid_request_error', param: null },
      });
    for (let times = 0; times < 3; times++)
      await expect(transcribe(service)).rejects.toMatchObject({ code: 'bad_audio' });
    expect(service.rests).toBe(false);
  });
});

describe('a guarded service with two tasks, of which one gives way', () => {
  let working: string[];
  const use = (name: string, signal = never) => ({
    signal,
    begin: () => {
      working.push(name);
      return () => void working.splice(working.indexOf(name), 1);
    },
  });
  const transcript = (service: GuardedService, name: string, signal = never) =>
    service.run(TASKS.transcription, { path: name }, use(name, signal), () => undefined);
  const analysis = (service: GuardedService, name: string) =>
    service.run(TASKS.analysis, { path: name }, use(name), () => undefined);
  /** Holds each request until its path is released. */
  let release: Record<string, () => void>;
  const paths = () => [...server.requests, ...server.analyses].map(({ path }) => path);
  const open = (path: string) => until(() => paths().includes(path), `the request for ${path}`);
  beforeEach(() => {
    working = [];
    release = {};
    const hold = ({ path }: { path: string }) => new Promise<void>((resolve) => (release[path] = resolve));
    server.script = async (request, answer) => {
      await hold(request);
      await hearing(10, 1)(request, answer);
    };
    server.analyst = async (request, answer) => {
      await hold(request);
      await understanding(10, 1)(request, answer);
    };
  });

  it('transcribes beside an analysis, which then counts as paused', async () => {
    const service = guarded();
    const first = analysis(service, 'analysis');
    await open('analysis');
    expect(working).toEqual(['analysis']);
    const second = transcript(service, 'transcript');
    await open('transcript');
    expect(working).toEqual(['transcript']);
    release.transcript!();
    await second;
    expect(working).toEqual(['analysis']);
    release.analysis!();
    await first;
    expect([working, server.mostAtOnce]).toEqual([[], 2]);
  });

  it('begins no analysis while a transcript is made or wanted, and then one', async () => {
    const service = guarded();
    const stop = new AbortController();
    const first = transcript(service, 'first');
    const analyses = [analysis(service, 'analysis'), analysis(service, 'other')];
    const second = transcript(service, 'second');
    const given = transcript(service, 'given up', stop.signal);
    await open('first');
    release.first!();
    await first;
    await open('second');
    expect(paths()).toEqual(['first', 'second']);
    stop.abort(new Error('stop'));
    await expect(given).rejects.toThrow('stop');
    release.second!();
    await second;
    await open('analysis');
    expect(paths()).not.toContain('other');
    release.analysis!();
    await open('other');
    release.other!();
    await Promise.all(analyses);
  });

  it('transcribes while an analysis is its trial after failures', async () => {
    const service = guarded();
    const script = server.analyst;
    server.analyst = (_, answer) => answer.breakOff();
    for (const name of ['a', 'b']) await expect(analysis(service, name)).rejects.toThrow(/did not finish/);
    expect(await service.unready()).toMatch(/not used for a while/);
    server.analyst = script;
    afterRest();
    const trial = analysis(service, 'trial');
    await open('trial');
    const other = transcript(service, 'transcript');
    await open('transcript');
    release.transcript!();
    await other;
    release.trial!();
    await trial;
    expect(await service.unready()).toBeUndefined();
  });
});
