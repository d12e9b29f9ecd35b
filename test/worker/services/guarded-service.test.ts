import { GuardedService, type Guards } from '../../../docker/worker/src/services/guarded-service';
import { HttpModelService } from '../../../docker/worker/src/services/http-model-service';
import { createLog } from '../../../docker/worker/src/log';
import { until } from '../../until';
import { hearing, ModelServer, type Script } from '../../support/model-server';

const never = new AbortController().signal;
const breaks: Script = (_, answer) => answer.breakOff();
const REST = 3_600_000;

let server: ModelServer;
let lines: string[];
/** Milliseconds by which the clock is ahead. */
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

/** Rests end when a test says so, and not while it still looks at what happens in them. */
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
  await service.transcribe({ path: 'a' }, { signal, begin }, ({ type }) => void types.push(type));
  return types;
}

/** What counts as a failure of the job, and what does not. */
const failure = (message: RegExp) => ({
  name: 'ModelServiceFailed',
  message: expect.stringMatching(message),
});
const unready = (message: RegExp) => ({ name: 'ServiceUnready', message: expect.stringMatching(message) });

describe('a guarded service', () => {
  it('passes the events on, and tells when the service is this job’s', async () => {
    expect(await transcribe(guarded())).toEqual(['started', 'segment', 'window', 'result']);
    expect(held).toBe(0);
  });

  it('lets one job at a time to the service', async () => {
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

  it('gives a service that was stuck for long the whole time to start anew', async () => {
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

  it('waits no longer in all than for a model that loads: the job has failed then', async () => {
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

  it('gives up waiting when it is called off', async () => {
    server.healthy = false;
    const stop = new AbortController();
    const work = transcribe(guarded(), stop.signal);
    setTimeout(() => stop.abort(new Error('stop')), 50);
    await expect(work).rejects.toThrow('stop');
  });

  it('leaves a service alone that failed twice in a row, and tries it again after a rest', async () => {
    const service = guarded();
    server.script = breaks;
    await expect(transcribe(service)).rejects.toThrow(/broke off/);
    expect(service.rests).toBe(false);
    await expect(transcribe(service)).rejects.toThrow(/broke off/);
    expect(service.rests).toBe(true);
    expect(await service.unready()).toMatch(/left alone for a while; last: .*broke off/);
    // Others than jobs go by what it says of itself.
    expect(await service.unreadyItself()).toBeUndefined();
    await expect(transcribe(service)).rejects.toMatchObject(
      unready(/left alone for a while; last: .*broke off/),
    );
    expect(server.requests).toHaveLength(2);

    afterRest();
    expect(service.rests).toBe(false);
    await expect(transcribe(service)).rejects.toThrow(/broke off/);
    expect(server.requests).toHaveLength(3);
    expect(service.rests).toBe(true);

    server.script = hearing(10, 1);
    afterRest();
    expect(service.rests).toBe(false);
    expect(await transcribe(service)).toContain('result');
    expect(await service.unready()).toBeUndefined();
    server.script = breaks;
    await expect(transcribe(service)).rejects.toThrow(/broke off/);
    expect(service.rests).toBe(false);
    expect(lines.filter((line) => line.includes('circuit breaker opened'))).toHaveLength(2);
    expect(lines.filter((line) => line.includes('circuit breaker closed'))).toHaveLength(1);
  });

  it('tells for how long nobody has asked anything of it, without end where it does not count that', async () => {
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

  it('is not idle while it does not answer: it may be too busy to', async () => {
    const service = guarded();
    await server.stop();
    expect(await service.idleSeconds()).toBe(0);
    server = await ModelServer.start(hearing(10, 1));
  });

  it('does not try a service that is not ready when its rest is over', async () => {
    const service = guarded({ loadingMs: 60_000 });
    server.script = breaks;
    await expect(transcribe(service)).rejects.toThrow(/broke off/);
    await expect(transcribe(service)).rejects.toThrow(/broke off/);
    server.healthy = false;
    afterRest();
    expect(service.rests).toBe(false);
    await expect(transcribe(service)).rejects.toMatchObject(unready(/answers 503/));
    expect(server.requests).toHaveLength(2);
    expect(service.rests).toBe(true);
  });

  it('sends nobody to a service that broke off while they waited for their turn', async () => {
    const service = guarded();
    server.script = breaks;
    const ended = await Promise.allSettled([1, 2, 3, 4].map(() => transcribe(service)));
    expect(ended.map(({ status }) => status)).toEqual(Array(4).fill('rejected'));
    expect(server.requests).toHaveLength(2);
  });

  it('lets go of those who give up while another one tries it after a rest', async () => {
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

  it('does not hold audio against the service', async () => {
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
