import { createReadStream, readFileSync } from 'node:fs';
import OpenAI, { AuthenticationError, RateLimitError, toFile, type Uploadable } from 'openai';
import { ENV, OUTPUT } from '../../core/contract/environment';
import { JOB_HEADER } from '../../core/contract/http';
import type { JobView } from '../../core/contract/job';
import type { UsageResponse } from '../../core/contract/usage';
import { otherwiseWritten, SAMPLE, sample, sampleWords, unheard, words } from './audio';
import { Laptop, spotscribe, until } from './laptop';
import { replacementTests } from './replacement';

/** Requests at the same time: more than a machine answers at once, so that some are under way and some wait. */
const REQUESTS = 6;

/** Of the sample. */
const SAMPLE_SECONDS = 19.65;

/** Each covers half a minute of waiting and the pause before the next. */
const RETRIES = 8;

/** OpenAI's own client for Node.js against the front door, with a fleet that sleeps and wakes. */
describe('answers in place, and jobs where there are none', () => {
  let laptop: Laptop;
  let client: OpenAI;
  beforeAll(async () => {
    laptop = await Laptop.start(
      {
        idleMinutes: '0.15',
        visibilitySeconds: '6',
        maxMachines: '2',
        // Jobs alone want one machine here, and requests in place a second one.
        jobsPerMachine: '20',
        requestsPerMachine: '0.3',
        warmMachines: '1',
        certificateArn: 'arn:aws:acm:us-east-1:123456789012:certificate/0a1b2c3d',
      },
      'FastApi',
    );
    client = clientWith(laptop.key);
    await keepWarm(0);
    await asleep();
  });
  afterAll(() => laptop?.stop());

  const clientWith = (apiKey: string) => new OpenAI({ baseURL: `${laptop.url}/v1`, apiKey, maxRetries: 0 });
  const transcribe = (file: Uploadable) => client.audio.transcriptions.create({ model: 'whisper-1', file });
  /** The sample as no request has sent it before. */
  const newSample = () => toFile(otherwiseWritten(sample()), 'speech.flac');

  /** Seconds of audio that have been counted for the key. */
  const used = async () => (await laptop.request<UsageResponse>('GET', '/v1/usage')).body.used_seconds;

  /** Sizes the fleet as after a change of the setting, or at the beginning or end of warm hours. */
  const keepWarm = (machines: number) => laptop.setVariable('SizeFleet', ENV.warmMachines, String(machines));
  const asleep = () =>
    until('the fleet to rest', 120, async () =>
      (await laptop.desiredMachines()) === 0 && laptop.machines().length === 0 ? true : undefined,
    );
  const logOf = (name: string) => {
    const log = laptop.machines()[0]?.containers.find((container) => container.name === name)?.log;
    return log === undefined ? '' : readFileSync(log, 'utf8');
  };

  const keys = async (...args: string[]) => {
    const env = {
      ...laptop.env,
      AWS_REGION: 'us-east-1',
      AWS_ACCESS_KEY_ID: 'test',
      AWS_SECRET_ACCESS_KEY: 'test',
    };
    const { stdout } = await spotscribe(['keys', ...args, '--stack', 'Spotscribe-FastApi', '--json'], env);
    return JSON.parse(stdout) as { id: string; key: string };
  };

  test('asleep: the call wakes a machine, and with enough retries gets the words by a job, in every format', async () => {
    expect(laptop.machines()).toEqual([]);
    const patient = client.withOptions({ maxRetries: RETRIES });
    const { data, response } = await patient.audio.transcriptions
      .create({ model: 'whisper-1', file: createReadStream(SAMPLE), language: 'en' })
      .withResponse();
    expect(words(data.text)).toEqual(sampleWords());
    const id = response.headers.get(JOB_HEADER) ?? '';
    const ended = await laptop.ended(id);
    expect(ended).toMatchObject({ status: 'succeeded', degraded: [] });
    for (const format of ['text', 'srt', 'vtt'] as const) {
      const text = await client.audio.transcriptions.create({
        model: 'whisper-1',
        file: createReadStream(SAMPLE),
        language: 'en',
        response_format: format,
      });
      expect(text).toContain('Good morning');
    }
    const verbose = await client.audio.transcriptions.create({
      model: 'whisper-1',
      file: createReadStream(SAMPLE),
      language: 'en',
      response_format: 'verbose_json',
      timestamp_granularities: ['word', 'segment'],
    });
    expect(verbose.words?.flatMap(({ word }) => words(word))).toEqual(sampleWords());
    expect(verbose.segments).not.toEqual([]);
    const stream = await client.audio.transcriptions.create({
      model: 'whisper-1',
      file: createReadStream(SAMPLE),
      language: 'en',
      stream: true,
    });
    let heard = '';
    for await (const event of stream) if (event.type === 'transcript.text.delta') heard += event.delta;
    expect(words(heard)).toEqual(sampleWords());
    expect((await laptop.request<{ data: JobView[] }>('GET', '/v1/jobs')).body.data).toHaveLength(1);
    // All of them are one recording, transcribed once.
    expect(await used()).toBe(ended.receipt?.audio_seconds);
  });

  test('asleep: without retries the call raises an error that names its job, and a job is an answer only where it is asked for', async () => {
    await until('the machine to be gone', 60, () =>
      Promise.resolve(laptop.machines().length === 0 ? true : undefined),
    );
    const file = await toFile(unheard(1), 'speech.flac');
    // As if the client gave up at once: the gateway's time is longer than a machine's start here.
    const answer = await client.audio.transcriptions
      .create({ model: 'whisper-1', file }, { headers: { prefer: 'respond-async' } })
      .asResponse();
    expect(answer.status).toBe(202);
    const { id } = (await answer.json()) as JobView;
    await expect(
      client.audio.transcriptions.create({ model: 'whisper-1', file }, { headers: { prefer: 'wait=1' } }),
    ).rejects.toMatchObject({ status: 503, code: 'not_ready', error: { job_id: id } });
    const { text } = await client.withOptions({ maxRetries: RETRIES }).audio.transcriptions.create({
      model: 'whisper-1',
      file,
    });
    expect(words(text).filter((word) => sampleWords().includes(word)).length).toBeGreaterThan(
      sampleWords().length * 0.9,
    );
    expect(await laptop.ended(id)).toMatchObject({ status: 'succeeded' });
  });

  test('in warm hours a machine is there and stays, however long it is idle', async () => {
    await keepWarm(1);
    await until('the worker to be refused the end of its machine', 90, () =>
      Promise.resolve(logOf('worker').includes('could not be ended') ? true : undefined),
    );
    expect(await laptop.desiredMachines()).toBe(1);
    expect(laptop.machines()).toHaveLength(1);
  });

  test('warm: the client gets words, times, events and models, and no job is made', async () => {
    const jobs = async () => (await laptop.request<{ data: JobView[] }>('GET', '/v1/jobs')).body.data.length;
    const before = await jobs();
    const counted = await used();
    const { data, response } = await transcribe(await newSample()).withResponse();
    expect(response.headers.has(JOB_HEADER)).toBe(false);
    expect(words(data.text)).toEqual(sampleWords());
    const verbose = await client.audio.transcriptions.create({
      model: 'whisper-1',
      file: await newSample(),
      response_format: 'verbose_json',
      timestamp_granularities: ['word'],
    });
    expect(verbose.words?.flatMap(({ word }) => words(word))).toEqual(sampleWords());
    const stream = await client.audio.transcriptions.create({
      model: 'gpt-4o-transcribe',
      file: await newSample(),
      stream: true,
    });
    let done = '';
    for await (const event of stream) if (event.type === 'transcript.text.done') done = event.text;
    expect(words(done)).toEqual(sampleWords());
    expect((await client.models.list()).data.map(({ id }) => id)).toContain('tiny.en');
    expect(await jobs()).toBe(before);
    expect(await used()).toBeCloseTo(counted + 3 * SAMPLE_SECONDS, 1);
  });

  describe('through the public load balancer', () => {
    const at = () => `http://${laptop.outputs[OUTPUT.streamingEndpoint]}`;
    const through = (apiKey: string) => new OpenAI({ baseURL: `${at()}/v1`, apiKey, maxRetries: 0 });
    const spoken = async (times: number) =>
      through(laptop.key).audio.transcriptions.create({
        model: 'whisper-1',
        file: await toFile(unheard(times), 'speech.flac'),
        stream: true,
      });
    const whisper = async (path: string) => {
      const port = laptop.machines()[0]?.containers.find(({ name }) => name === 'whisper')?.port;
      return fetch(`http://127.0.0.1:${port}${path}`);
    };
    const inside = async () =>
      ((await (await whisper('/health')).json()) as { queue: { inside: number } }).queue.inside;
    const secondsHeard = async () =>
      Number(/^spotscribe_audio_seconds_total (\S+)$/m.exec(await (await whisper('/metrics')).text())?.[1]);

    let revoked: OpenAI;
    // It counts for a while still, which passes meanwhile.
    beforeAll(async () => {
      const { id, key } = await keys('create', '--name', 'stream');
      revoked = through(key);
      expect((await revoked.models.list()).data.map(({ id: name }) => name)).toContain('tiny.en');
      await keys('revoke', id);
    });

    test('events come while the machine still works on what follows', async () => {
      let [insideAtFirst, text, done] = [0, '', ''];
      for await (const event of await spoken(6)) {
        if (text === '') insideAtFirst = await inside();
        if (event.type === 'transcript.text.delta') text += event.delta;
        if (event.type === 'transcript.text.done') done = event.text;
      }
      expect(insideAtFirst).toBe(1);
      expect(text).toBe(done);
      expect(words(done).filter((word) => sampleWords().includes(word)).length).toBeGreaterThan(
        sampleWords().length * 5,
      );
    });

    test('who leaves lets the machine go, which has not done the rest then', async () => {
      const before = await secondsHeard();
      const stream = await spoken(12);
      for await (const event of stream) if (event.type === 'transcript.text.delta') break;
      await until('the machine to be free', 60, async () => ((await inside()) === 0 ? true : undefined));
      expect(await secondsHeard()).toBe(before);
      expect(stream.controller.signal.aborted).toBe(true);
    });

    test('nobody comes in without a key, nor to anything else of the machine', async () => {
      await expect(through(`${laptop.key}x`).models.list()).rejects.toThrow(AuthenticationError);
      const status = async (path: string, init?: RequestInit) => (await fetch(at() + path, init)).status;
      expect(await status('/v1/models')).toBe(401);
      expect(await status('/v1/audio/transcriptions', { method: 'POST' })).toBe(401);
      const headers = { authorization: `Bearer ${laptop.key}` };
      for (const path of ['/', '/health', '/metrics', '/v1/jobs', '/v1/models/none'])
        expect(await status(path, { headers })).toBe(404);
      for (const path of ['/hybrid', '/transcribe'])
        expect(await status(path, { headers, method: 'POST' })).toBe(404);
      expect(await status('/v1/models', { headers, method: 'POST' })).toBe(405);
      await until('the revoked key to be refused', 60, async () =>
        revoked.models.list().then(
          () => undefined,
          (error: unknown) => (error instanceof AuthenticationError ? true : undefined),
        ),
      );
    });
  });

  test('a whisper service killed under load: every request is answered, in place or by a job', async () => {
    const whisper = await laptop.containerProcess('whisper');
    const port = laptop.machines()[0]?.containers.find(({ name }) => name === 'whisper')?.port;
    const answers = Array.from({ length: REQUESTS }, async () =>
      client.audio.transcriptions
        .create(
          { model: 'whisper-1', file: await toFile(unheard(1), 'speech.flac') },
          { maxRetries: RETRIES },
        )
        .withResponse(),
    );
    await until('a request to be under way', 30, async () => {
      const health = await fetch(`http://127.0.0.1:${port}/health`);
      const { queue } = (await health.json()) as { queue: { inside: number } };
      return queue.inside > 0 ? true : undefined;
    });
    process.kill(whisper, 'SIGKILL');
    const outcomes = await Promise.all(answers);
    // Whoever was under way was answered by a job.
    expect(outcomes.some(({ response }) => response.headers.has(JOB_HEADER))).toBe(true);
    for (const { data } of outcomes) {
      const heard = words(data.text);
      expect(heard.filter((word) => sampleWords().includes(word)).length).toBeGreaterThan(
        sampleWords().length * 0.9,
      );
    }
    expect(await laptop.containerProcess('whisper')).not.toBe(whisper);
    expect(await laptop.messages('queueUrl')).toBe(0);
  });

  replacementTests(() => ({ laptop, client }));

  test('more requests in place than a machine has time for bring another one', async () => {
    let enough = false;
    const caller = async () => {
      while (!enough)
        await client.audio.transcriptions.create(
          { model: 'whisper-1', file: await newSample() },
          { maxRetries: RETRIES },
        );
    };
    const callers = Promise.all(Array.from({ length: REQUESTS }, caller));
    // Whoever fails is heard of when all have ended.
    callers.catch(() => undefined);
    try {
      await until('a second machine to be asked for', 60, async () => {
        await laptop.invoke('SizeFleet');
        return (await laptop.desiredMachines()) === 2 ? true : undefined;
      });
      // While requests still come: without any, one of the two ends itself after seconds.
      await until('the second machine', 30, () =>
        Promise.resolve(laptop.machines().length === 2 ? true : undefined),
      );
    } finally {
      enough = true;
    }
    await callers;
  });

  test('after its warm hours the fleet goes to rest by itself', async () => {
    await keepWarm(0);
    await asleep();
  });

  test('a revoked key is refused, and one whose quota is used up gets no work done', async () => {
    const made = await keys('create', '--name', 'x');
    await keys('revoke', made.id);
    await expect(clientWith(made.key).models.list()).rejects.toThrow(AuthenticationError);
    await expect(clientWith(`${made.key}x`).models.list()).rejects.toMatchObject({ code: 'unauthorized' });
    expect((await fetch(`${laptop.url}/v1/models`)).status).toBe(401);

    const spent = clientWith((await keys('create', '--minutes-per-day', '0')).key);
    const refused = spent.audio.transcriptions.create({ model: 'whisper-1', file: createReadStream(SAMPLE) });
    await expect(refused).rejects.toThrow(RateLimitError);
    await expect(refused).rejects.toMatchObject({ status: 429, code: 'quota_exceeded' });
    const { response } = await spent.models.list().withResponse();
    expect(response.headers.get('x-ratelimit-remaining-audio-seconds')).toBe('0');
  });
});
