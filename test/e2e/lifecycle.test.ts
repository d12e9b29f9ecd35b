import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PutObjectCommand } from '@aws-sdk/client-s3';
import type { ListJobsResponse, SubmitJobResponse } from '../../core/contract/api';
import { OUTPUT } from '../../core/contract/environment';
import { KEY } from '../../core/contract/keys';
import type { Transcript } from '../../core/contract/work/transcript';
import type { WarmView } from '../../core/contract/warm';
import { versionsBelow, versionsOf } from '../../core/jobs/object-versions';
import { call, repeated, SAMPLE, sample, sampleWords, words } from './audio';
import { Laptop, spotscribe, until } from './laptop';

describe('a deployment, from zero to zero', () => {
  let laptop: Laptop;
  let folder: string;
  beforeAll(async () => {
    laptop = await Laptop.start({ idleMinutes: '0.15' });
    folder = mkdtempSync(join(tmpdir(), 'spotscribe-files-'));
  });
  afterAll(async () => {
    await laptop?.stop();
    rmSync(folder, { recursive: true });
  });

  test('starts without a machine', async () => {
    expect(await laptop.desiredMachines()).toBe(0);
    expect(laptop.machines()).toEqual([]);
  });

  test('wakes one machine for a file, writes its words beside it, and goes back to zero', async () => {
    const audio = join(folder, 'morning.flac');
    copyFileSync(SAMPLE, audio);
    const seen = new Set<number>();
    const watch = setInterval(() => seen.add(laptop.machines().length), 100);
    const { stdout } = await spotscribe(
      ['transcribe', audio, '--language', 'en', '--format', 'srt,txt,json', '--json'],
      laptop.env,
    );
    clearInterval(watch);

    const lines = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(lines.length).toBeGreaterThanOrEqual(1);
    const text = readFileSync(join(folder, 'morning.txt'), 'utf8');
    expect(words(text)).toEqual(sampleWords());
    expect(readFileSync(join(folder, 'morning.srt'), 'utf8')).toMatch(
      /^1\n00:00:00,\d{3} --> 00:00:0\d,\d{3}\nGood morning/,
    );
    expect([...seen].sort()).toEqual([0, 1]);

    await until('the fleet to rest', 60, async () =>
      (await laptop.desiredMachines()) === 0 ? true : undefined,
    );
    await until('the machine to end', 30, async () => (laptop.machines().length === 0 ? true : undefined));
    expect(await laptop.messages('queueUrl')).toBe(0);
  });

  test('keeps an idle machine warm on request, which ends itself after the request', async () => {
    const warm = async (...args: string[]) =>
      JSON.parse((await spotscribe(['warm', ...args, '--json'], laptop.env)).stdout) as WarmView;
    const view = await warm('--for', '1h');
    expect(view).toMatchObject({ machines: 1, scheduled_machines: 0, cost_per_hour: view.price_per_hour });
    await until('the group to have a machine', 20, async () =>
      (await laptop.desiredMachines()) === 1 ? true : undefined,
    );
    // The group refuses to lose it, and the worker goes on.
    await until('the machine to be idle', 90, async () => {
      const [worker] = laptop.machines()[0]?.containers.filter(({ name }) => name === 'worker') ?? [];
      return worker !== undefined && readFileSync(worker.log, 'utf8').includes('could not be ended')
        ? true
        : undefined;
    });
    expect(await laptop.desiredMachines()).toBe(1);
    expect(await warm('--off')).toMatchObject({ machines: 0, until: null });
    await until('the fleet to rest', 60, async () =>
      (await laptop.desiredMachines()) === 0 ? true : undefined,
    );
    await until('the machine to end', 30, async () => (laptop.machines().length === 0 ? true : undefined));
  });

  test('gives each word its times, and the job its receipt', async () => {
    const { body } = await laptop.request<ListJobsResponse>('GET', '/v1/jobs');
    const [job] = body.data;
    expect(job).toMatchObject({ status: 'succeeded', progress: 1, name: 'morning.flac', degraded: [] });
    expect(job?.receipt).toMatchObject({ machine_type: 'laptop', capacity: 'local', cost: 0 });
    expect(job?.receipt?.audio_seconds).toBeCloseTo(19.6, 0);
    expect(job?.receipt?.real_time_factor).toBeGreaterThan(0);

    const transcript = await laptop.transcript(job?.id ?? '');
    expect(transcript.engine.name).toBe('faster-whisper');
    const spoken = transcript.segments.flatMap((segment) => segment.words);
    expect(spoken.flatMap(({ word }) => words(word))).toEqual(sampleWords());
    for (const [index, { start, end }] of spoken.entries()) {
      expect(end).toBeGreaterThan(start);
      expect(start).toBeGreaterThanOrEqual(spoken[index - 1]?.end ?? 0);
      expect(end).toBeLessThanOrEqual(transcript.duration);
    }
  });

  test('transcribes a file dropped under inbox/ without any call, once', async () => {
    const Bucket = laptop.outputs[OUTPUT.mediaBucket];
    const Key = 'inbox/podcasts/مرحبا ../episode 1.flac';
    await laptop.s3.send(new PutObjectCommand({ Bucket, Key, Body: sample() }));
    const job = await until('the job', 20, async () => {
      const { body } = await laptop.request<ListJobsResponse>('GET', '/v1/jobs');
      return body.data.find(({ origin }) => origin === 'inbox');
    });
    expect(job.name).toBe('episode 1.flac');
    // The laptop's model knows one language, and nobody said that it is spoken.
    const loss = { stage: 'transcript', reason: expect.stringContaining('knows English only') as string };
    expect(await laptop.ended(job.id)).toMatchObject({ status: 'succeeded', degraded: [loss] });
    expect(words((await laptop.transcript(job.id)).text)).toEqual(sampleWords());
    const { body } = await laptop.request<ListJobsResponse>('GET', '/v1/jobs');
    expect(body.data.filter(({ origin }) => origin === 'inbox')).toHaveLength(1);
  });

  test('transcribes each channel of a call by itself, as one speaker', async () => {
    writeFileSync(join(folder, 'call.flac'), call());
    const options = ['--channels', 'separate', '--format', 'json,txt'];
    await spotscribe(['transcribe', join(folder, 'call.flac'), ...options], laptop.env);
    const { segments, diarization } = JSON.parse(
      readFileSync(join(folder, 'call.json'), 'utf8'),
    ) as Transcript;
    const saidBy = (who: string) =>
      words(segments.flatMap(({ speaker, text }) => (speaker === who ? [text] : [])).join(' '));
    expect(diarization).toMatchObject({ engine: 'channels', speakers: ['A', 'B'] });
    expect(saidBy('A').join(' ')).toMatch(/^had he married a more amiable woman.*made amiable himself$/);
    expect(saidBy('B').join(' ')).toMatch(/^for although the chinese took impressions.*printed book$/);
    expect(saidBy('A').length + saidBy('B').length).toBeLessThan(72);
    const starts = segments.map(({ start }) => start);
    expect(starts).toEqual([...starts].sort((one, other) => one - other));
  });

  test('wakes a machine for a bulk job, too, which has the queue of its priority', async () => {
    const Bucket = laptop.outputs[OUTPUT.mediaBucket];
    await laptop.s3.send(new PutObjectCommand({ Bucket, Key: 'inbox/bulk/old.flac', Body: sample() }));
    const job = await until('the job', 20, async () => {
      const { body } = await laptop.request<ListJobsResponse>('GET', '/v1/jobs');
      return body.data.find(({ name }) => name === 'old.flac');
    });
    expect(job.priority).toBe('bulk');
    expect(
      await until('its message', 20, async () => (await laptop.messages('bulkQueueUrl')) || undefined),
    ).toBe(1);
    expect(await laptop.messages('queueUrl')).toBe(0);
    expect(await laptop.ended(job.id)).toMatchObject({ status: 'succeeded' });
    await until('the empty queue', 20, async () =>
      (await laptop.messages('bulkQueueUrl')) === 0 ? true : undefined,
    );
  });

  test('makes a job of each of two recordings under one key, and erases one without the other', async () => {
    const Bucket = laptop.outputs[OUTPUT.mediaBucket];
    const drop = (name: string, Body: Uint8Array) =>
      laptop.s3.send(new PutObjectCommand({ Bucket, Key: `inbox/${name}`, Body }));
    // What a computer leaves behind makes none.
    await drop('._today.flac', sample());
    const first = await drop('today.flac', sample());
    const second = await drop('today.flac', repeated(2));
    const jobs = async () => {
      const { body } = await laptop.request<ListJobsResponse>('GET', '/v1/jobs');
      return body.data.filter(({ name }) => name.endsWith('today.flac'));
    };
    const both = await until('two jobs', 20, async () => {
      const found = await jobs();
      return found.length === 2 ? found : undefined;
    });
    for (const { id } of both) expect(await laptop.ended(id)).toMatchObject({ status: 'succeeded' });
    const heard = new Map<number, string>();
    for (const { id } of both) heard.set(Math.round((await laptop.transcript(id)).duration / 19.6), id);
    expect([...heard.keys()].sort()).toEqual([1, 2]);

    const stored = async () =>
      (await versionsOf(laptop.s3, Bucket ?? '', 'inbox/today.flac')).map(({ version }) => version);
    expect(await stored()).toEqual([second.VersionId, first.VersionId]);
    expect((await laptop.request('DELETE', `/v1/jobs/${heard.get(1)}`)).status).toBe(200);
    expect(await stored()).toEqual([second.VersionId]);
    expect((await jobs()).map(({ id }) => id)).toEqual([heard.get(2)]);
  });

  test('hears the first of two uploads to one address', async () => {
    const { body } = await laptop.request<SubmitJobResponse>('POST', '/v1/jobs', { name: 'twice' });
    const put = (audio: Uint8Array) => fetch(body.upload?.url ?? '', { method: 'PUT', body: audio });
    expect((await put(sample())).status).toBe(200);
    await until('the job to be queued', 20, async () => {
      const { status } = await laptop.job(body.id);
      return status === 'awaiting_upload' ? undefined : status;
    });
    expect((await put(new Uint8Array())).status).toBe(200);
    expect(await laptop.ended(body.id)).toMatchObject({ status: 'succeeded' });
    expect(words((await laptop.transcript(body.id)).text)).toEqual(sampleWords());
  });

  test('keeps a voice, gives its name to jobs, and erases it for all that have not begun', async () => {
    const voices = async (...args: string[]): Promise<unknown> =>
      JSON.parse((await spotscribe(['voices', ...args, '--json'], laptop.env)).stdout);
    const kept = await voices('add', 'Ada', SAMPLE, '--consent', 'Ada agreed by letter');
    expect(await voices('list')).toEqual({ object: 'list', data: [kept] });
    const options = { language: 'en', diarize: true, voices: ['Ada'] };
    const asked = sample();
    const [whole, late] = [
      await laptop.submit(asked, 'whole.flac', options),
      await laptop.submitted(asked.length, 'late.flac', options),
    ];
    const done = await laptop.ended(whole);
    expect(done).toMatchObject({ status: 'succeeded', options: { known_speaker_names: ['Ada'] } });
    // Some laptops have no diarizer, and then there are no speakers. The recording is not missing.
    expect(done.degraded.filter(({ stage }) => stage !== 'diarization')).toEqual([]);

    await voices('erase', 'Ada');
    const Bucket = laptop.outputs[OUTPUT.mediaBucket]!;
    for await (const page of versionsBelow(laptop.s3, Bucket, KEY.voicesPrefix)) expect(page).toEqual([]);
    await laptop.upload(late, asked);
    const { degraded } = await laptop.ended(late.id);
    expect(degraded).toContainEqual({
      stage: 'known_speakers',
      reason: '"Ada" is not known by voice: The recording is no longer in the bucket',
    });
    expect(await laptop.submitted(1, 'a.flac', options)).toMatchObject({
      error: { param: 'options.voices', message: expect.stringContaining('There is no voice "Ada"') },
    });
  });
});
