import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { KEY, SHARED } from '../../../core/contract/keys';
import type { Checkpoint } from '../../../core/contract/work/transcript';
import type { SpeechCheckpoint, SynthesizeEvent } from '../../../core/contract/work/speech';
import { TASKS } from '../../../core/tasks';
import { fetchPart } from '../../../docker/worker/src/jobs/job-input';
import { JobObjects } from '../../../docker/worker/src/jobs/job-objects';
import { Scratch } from '../../../docker/worker/src/jobs/scratch';
import { createLog } from '../../../docker/worker/src/log';
import { GuardedService } from '../../../docker/worker/src/services/guarded-service';
import { HttpModelService } from '../../../docker/worker/src/services/http-model-service';
import { Services } from '../../../docker/worker/src/services/services';
import { ResumableSpeech } from '../../../docker/worker/src/tasks/speech-run';
import { ObjectServer } from '../../support/object-server';
import {
  base64,
  partOf,
  says,
  sendFile,
  speaking,
  SPOKEN,
  spokenTotals,
  SpeechServer,
} from '../../support/speech';
import { JOB_ID, row } from '../../support/support';
import { until } from '../../until';

const MB = 1 << 20;

let store: ObjectServer;
let service: SpeechServer;
let folder: string;
let shown: number[];
let saved: (SpeechCheckpoint | undefined)[];
let log: string;
let stopping: AbortController;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'speech-run-'));
  mkdirSync(join(folder, SHARED.job(JOB_ID)));
  store = await new ObjectServer().start();
  service = await new SpeechServer(speaking(3, () => folder)).start();
  [shown, saved, log] = [[], [], ''];
  stopping = new AbortController();
});
afterEach(async () => {
  await Promise.all([store.stop(), service.stop()]);
  rmSync(folder, { recursive: true });
});

/** An attempt of the job, with what earlier ones did. */
function attempt(number: number, speech?: SpeechCheckpoint) {
  const lines = createLog({ write: (line) => void (log += line) });
  const s3 = store.client();
  const earlier: Checkpoint | undefined = speech && { end: 0, segments: [], speech, processing_seconds: 1 };
  const guarded = new GuardedService(new HttpModelService('speech', service.url), lines);
  const tools = { s3, bucket: 'media', scratch: new Scratch(folder), maxUploadBytes: 1 };
  const work = new ResumableSpeech({
    row: row({ attempt: number, status: 'running' }),
    task: TASKS.speech,
    options: { voice: 'default' },
    input: { path: SHARED.input(JOB_ID), maxSeconds: 1, mediaType: 'text/plain' },
    services: new Services([{ service: guarded, tasks: ['speech'] }]),
    begin: () => () => undefined,
    show: (progress) => void (progress !== undefined && shown.push(progress)),
    objects: new JobObjects(s3, 'media', lines),
    fetchPart: (key, path, signal) => fetchPart(tools, key, path, signal),
    log: lines,
    earlier,
    onStep: async () => void saved.push(work.checkpoint()?.speech),
  });
  return { work, run: () => work.run(stopping.signal) };
}

const part = (by: number, number: number) => KEY.part(JOB_ID, by, number, 'flac');
const file = (by: number, name = 'speech.mp3') => KEY.file(JOB_ID, by, name);
const stored = (key: string) => store.objects.get(key)?.toString();
const WHOLE = 'sentences 1 and 2. sentences 3 and 4. sentences 5 and 6. ';
const put = (key: string, content: string) => void store.objects.set(key, Buffer.from(content));
const afterTwo: SpeechCheckpoint = { ...SPOKEN, totals: spokenTotals(4), parts: [1, 2] };

describe('a speech', () => {
  it('stores each part and the file, and counts sentences', async () => {
    const { work, run } = attempt(1);
    expect([work.position, work.checkpoint()]).toEqual([0, undefined]);
    expect(await run()).toEqual({
      ...{ version: 1, ...SPOKEN, ...spokenTotals(6), degraded: [], chapters: [{ start: 0, end: 9 }] },
      files: [{ name: 'speech.mp3', bytes: WHOLE.length, seconds: 9, attempt: 1 }],
    });
    expect(service.requests).toEqual([
      { path: SHARED.input(JOB_ID), media_type: 'text/plain', voice: 'default' },
    ]);
    expect(stored(part(1, 2))).toBe('sentences 3 and 4. ');
    expect(stored(file(1))).toBe(WHOLE);
    expect([store.types.get(part(1, 1)), store.types.get(file(1))]).toEqual(['audio/flac', 'audio/mpeg']);
    expect(shown).toEqual([1 / 3, 2 / 3, 1]);
    expect(saved).toEqual(
      [1, 2, 3].map((count) => ({
        ...SPOKEN,
        totals: spokenTotals(count * 2),
        parts: Array<number>(count).fill(1),
      })),
    );
    expect(work.position).toBe(6);
  });

  it('uploads a large file in parts while it arrives', async () => {
    const content = Buffer.alloc(19 * MB, 'sound');
    service.script = (_, answer) => {
      says(answer, { type: 'started', ...SPOKEN });
      sendFile(answer, 'speech.wav', content, 3 * MB);
      says(answer, { type: 'piece', name: 'chapter-001.wav', data: base64('one') });
      const files = [
        { name: 'chapter-001.wav', bytes: 3, seconds: 1, chapter: 1 },
        { name: 'speech.wav', bytes: content.length, seconds: 1 },
      ];
      says(answer, { type: 'result', ...SPOKEN, totals: spokenTotals(1), chapters: [], files, degraded: [] });
    };
    await attempt(1).run();
    expect(store.objects.get(file(1, 'speech.wav'))?.equals(content)).toBe(true);
    expect(store.types.get(file(1, 'speech.wav'))).toBe('audio/wav');
    expect(store.requests).toEqual([
      ...[1, 2, 3].map((number) => `PUT ${file(1, 'speech.wav')} ${number}`),
      `PUT ${file(1, 'chapter-001.wav')}`,
    ]);
  });

  it('shows how far the making of the files is', async () => {
    service.script = (_, answer) => {
      says(answer, { type: 'started', ...SPOKEN });
      says(answer, { type: 'making', progress: 0.97 });
      sendFile(answer, 'speech.wav', Buffer.from('sound'), MB);
      const files = [{ name: 'speech.wav', bytes: 5, seconds: 1 }];
      says(answer, { type: 'result', ...SPOKEN, totals: spokenTotals(1), chapters: [], files, degraded: [] });
    };
    await attempt(1).run();
    expect(shown).toEqual([0.97]);
  });

  it('reads no more of a file from the service than it has stored', async () => {
    let written = 0;
    service.script = async (_, answer) => {
      says(answer, { type: 'started', ...SPOKEN });
      for (let number = 1; number <= 4; number++) {
        sendFile(answer, 'speech.wav', Buffer.alloc(8 * MB), 8 * MB);
        await until(() => answer.gone || answer.response.writableLength === 0, 'the piece is read', 30);
        written = number;
      }
      const files = [{ name: 'speech.wav', bytes: 32 * MB, seconds: 1 }];
      says(answer, { type: 'result', ...SPOKEN, totals: spokenTotals(1), chapters: [], files, degraded: [] });
    };
    let release = () => undefined as void;
    const held = new Promise<void>((resolve) => (release = resolve));
    let isHeld = false;
    store.putGate = () => ((isHeld = true), held);
    const running = attempt(1).run();
    await until(() => isHeld, 'the first part of the upload');
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    expect(written).toBeLessThanOrEqual(2);
    release();
    expect((await running).files).toMatchObject([{ bytes: 32 * MB }]);
  });
});

describe('an interrupted speech', () => {
  it('continues on another machine with the parts of all earlier attempts', async () => {
    put(part(1, 1), 'sentences 1 and 2. ');
    put(part(2, 2), 'sentences 3 and 4. ');
    const { work, run } = attempt(3, afterTwo);
    expect([work.position, work.checkpoint()]).toEqual([4, { speech: afterTwo }]);
    const result = await run();
    const parts = [1, 2].map((number) => SHARED.part(JOB_ID, number, 'flac'));
    expect(service.requests[0]?.earlier).toEqual({ ...SPOKEN, totals: spokenTotals(4), parts });
    expect(readFileSync(join(folder, parts[1]!), 'utf8')).toBe('sentences 3 and 4. ');
    expect(stored(part(3, 3))).toBe('sentences 5 and 6. ');
    expect(stored(file(3))).toBe(WHOLE);
    expect(result.files).toMatchObject([{ attempt: 3 }]);
    expect(saved.at(-1)?.parts).toEqual([1, 2, 3]);
  });

  it('keeps its checkpoint if the service fails, and deletes the unfinished file', async () => {
    service.script = async (_, answer) => {
      says(answer, { type: 'started', ...SPOKEN });
      says(answer, partOf(1, 1));
      sendFile(answer, 'speech.wav', Buffer.alloc(17 * MB), 8 * MB);
      await until(() => store.uploads.size > 0, 'a part of the file is stored');
      answer.breakOff();
    };
    const { work, run } = attempt(1);
    await expect(run()).rejects.toMatchObject({ name: 'ModelServiceFailed' });
    expect(work.checkpoint()).toEqual({ speech: { ...SPOKEN, totals: spokenTotals(2), parts: [1] } });
    expect(store.uploads.size).toBe(0);
    expect([...store.objects.keys()]).toEqual([part(1, 1)]);
  });

  it('starts again if the service refuses the checkpoint', async () => {
    put(part(1, 1), 'other');
    put(part(2, 2), 'text');
    const speaks = service.script;
    service.script = (request, answer) =>
      request.earlier === undefined
        ? speaks(request, answer)
        : answer.refuse(400, { error: { code: 'invalid_request', message: 'Another text', type: 'x' } });
    const result = await attempt(3, afterTwo).run();
    expect(service.requests.map(({ earlier }) => earlier?.parts.length)).toEqual([2, undefined]);
    expect(stored(file(3))).toBe(WHOLE);
    expect(saved.map((each) => each?.parts)).toEqual([[3], [3, 3], [3, 3, 3]]);
    expect(result).toMatchObject(spokenTotals(6));
    expect(log).toContain('checkpoint refused: starting again');
  });

  it('starts again if a part was deleted', async () => {
    put(part(1, 1), 'sentences 1 and 2. ');
    await attempt(3, afterTwo).run();
    expect(service.requests.map(({ earlier }) => earlier)).toEqual([undefined]);
    expect(stored(file(3))).toBe(WHOLE);
    expect(log).toContain('The part is no longer in the bucket');
  });

  it('does not start again if the service refuses the text after it has spoken a part', async () => {
    put(part(1, 1), 'sentences 1 and 2. ');
    put(part(2, 2), 'sentences 3 and 4. ');
    service.script = (_, answer) => {
      says(answer, { type: 'started', ...SPOKEN });
      says(answer, partOf(3, 4));
      says(answer, {
        type: 'error',
        error: { code: 'invalid_request', message: 'The voice cannot speak it' },
      });
    };
    await expect(attempt(3, afterTwo).run()).rejects.toMatchObject({
      code: 'invalid_request',
      message: 'The voice cannot speak it',
    });
    expect(service.requests).toHaveLength(1);
  });

  it('stops when it is told to, and the service is told', async () => {
    let gone = false;
    service.script = speaking(
      1_000,
      () => folder,
      async (number, answer) => {
        answer.response.once('close', () => (gone = true));
        if (number === 3) stopping.abort(new Error('the worker is stopping'));
        await new Promise((resolve) => setTimeout(resolve, 5));
      },
    );
    const { work, run } = attempt(1);
    await expect(run()).rejects.toThrow('the worker is stopping');
    await until(() => gone, 'the service is told');
    const parts = work.checkpoint()!.speech!.parts.length;
    expect(parts).toBeGreaterThanOrEqual(1);
    expect([...store.objects.keys()]).toHaveLength(parts);
  });
});

describe('a service that does not keep to the contract', () => {
  const result: SynthesizeEvent = {
    ...{ type: 'result', ...SPOKEN, totals: spokenTotals(1), degraded: [] },
    ...{ chapters: [], files: [{ name: 'speech.mp3', bytes: 9, seconds: 1 }] },
  };
  const piece = (data: string, name = 'speech.mp3') => ({ type: 'piece', name, data: base64(data) }) as const;

  test.each([
    ['cuts a file', [piece('a sou')], 'listed the files speech.mp3 (9 bytes); it sent speech.mp3 (5 bytes)'],
    ['sends another file', [piece('a sound..', 'speech.m4b')], 'it sent speech.m4b (9 bytes)'],
    ['sends no file', [], 'it sent none'],
    [
      'continues a file after another one',
      [piece('a sou'), piece('x', 'chapter-001.mp3'), piece('nd..')],
      'continued the file speech.mp3 after another one',
    ],
  ])('and %s has failed', async (_, pieces, message) => {
    service.script = (_request, answer) => {
      for (const event of [{ type: 'started', ...SPOKEN } as const, ...pieces, result]) says(answer, event);
    };
    await expect(attempt(1).run()).rejects.toMatchObject({
      name: 'ModelServiceFailed',
      message: expect.stringContaining(message),
    });
  });

  it('and sends a part before it has started, has failed', async () => {
    service.script = (_, answer) => says(answer, partOf(1, 1));
    await expect(attempt(1).run()).rejects.toThrow('before it said what speaks them');
  });

  it('and names a file outside of the results, has failed before it is stored', async () => {
    service.script = (_, answer) => {
      says(answer, { type: 'started', ...SPOKEN });
      says(answer, piece('x', '../../input.mp3'));
    };
    await expect(attempt(1).run()).rejects.toThrow('not a valid event');
    expect(store.objects.size).toBe(0);
  });
});
