import { join } from 'node:path';
import { ApiClient } from '../../../cli/api/client';
import { FakeApi, KEY, receipt } from '../fake-api';
import { callCli, Folder } from '../run-cli';

let api: FakeApi;
let folder: Folder;
const run = (...args: string[]) => callCli(['jobs', ...args], api.env);
const firstId = () => [...api.jobs.keys()][0] ?? '';

beforeAll(async () => {
  folder = await Folder.with({ 'talk.mp3': 'good morning' });
});
beforeEach(async () => {
  api = await new FakeApi().start();
  await callCli(['transcribe', join(folder.path, 'talk.mp3'), '--force'], api.env);
});
afterEach(() => api.stop());
afterAll(() => folder.remove());

/** A job that has not ended. */
async function openJob(): Promise<string> {
  api.held = true;
  const { id } = await new ApiClient({ url: api.url, key: KEY }, { retryForMs: 0 }).submit(
    { name: 'open.mp3' },
    'open',
  );
  api.jobs.get(id)!.view.status = 'queued';
  return id;
}

test('lists jobs as a table or as one document, page after page', async () => {
  const id = firstId();
  const { out, code } = await run();
  expect(code).toBe(0);
  expect(out).toMatch(/^ID +STATUS +CREATED +WORK +COST +NAME\n/);
  expect(out).toMatch(new RegExp(`^${id}  succeeded  20.*Z  1:00  \\$0\\.00022  talk\\.mp3$`, 'm'));
  const view = api.jobs.get(id)?.view;
  for (let index = 0; index < 250; index++) {
    const copy = `job_${String(index).padStart(32, '0')}`;
    api.jobs.set(copy, { view: { ...view!, id: copy, status: index % 2 ? 'failed' : 'succeeded' } });
  }
  const failed = JSON.parse((await run('list', '--status', 'failed', '--limit', '110', '--json')).out);
  expect(failed.data).toHaveLength(110);
  expect(new Set(failed.data.map((job: { status: string }) => job.status))).toEqual(new Set(['failed']));
  expect(JSON.parse((await run('--json')).out).data).toHaveLength(20);
});

test('shows a job with its receipt, and its name cannot control the terminal', async () => {
  const view = api.jobs.get(firstId())!.view;
  view.name = 'a\u001b[2Jb\u202e.mp3';
  const { out } = await run('show', firstId());
  expect(out).toMatch(/^name +ab\ufffd\.mp3$/m);
  expect(out).toMatch(/^receipt +1:00 of audio in 4 s \(15\.0× real time\), \$0\.00022$/m);
  expect(out).toMatch(/^machine +g4dn\.xlarge, spot, \$0\.2 an hour \(a test\)$/m);
  expect(JSON.parse((await run('show', firstId(), '--json')).out)).toMatchObject({ id: firstId(), receipt });
});

test('a receipt without a price shows no number for it', async () => {
  const unknown = { price_per_hour: null, cost: null, cost_per_audio_minute: null };
  api.jobs.get(firstId())!.view.receipt = { ...receipt, ...unknown };
  const { out } = await run('show', firstId());
  expect(out).toMatch(/^receipt .*, price unknown$/m);
  expect(out).toMatch(/^machine +g4dn\.xlarge, spot, price unknown$/m);
});

test('shows the options, stages and degradations of a job', async () => {
  Object.assign(api.jobs.get(firstId())!.view, {
    options: { diarize: true, max_speakers: 3, hotwords: 'a\u001b[2Jb', speaker_cleanup: [] },
    stages: { transcript: 'succeeded', diarization: 'failed' },
    degraded: [{ stage: 'diarization', reason: 'No speakers: there is no model.' }],
  });
  const { out } = await run('show', firstId());
  expect(out).toMatch(/^diarize +true$/m);
  expect(out).toMatch(/^max speakers +3$/m);
  expect(out).toMatch(/^hotwords +ab$/m);
  expect(out).toMatch(/^speaker cleanup +none$/m);
  expect(out).toMatch(/^stages +transcript succeeded, diarization failed$/m);
  expect(out).toMatch(/^degraded +diarization: No speakers: there is no model\.$/m);
});

test('prints a transcript unchanged', async () => {
  expect((await run('transcript', firstId())).out).toBe('good morning\n');
  expect((await run('transcript', firstId(), '--format', 'text')).out).toBe('good morning\n');
  expect((await run('transcript', firstId(), '--format', 'srt')).out).toMatch(/^1\n00:00:00,000 --> /);
  expect(await run('transcript', firstId(), '--format', 'pdf')).toMatchObject({
    code: 2,
    err: expect.stringContaining('"pdf" is not one of json, txt, srt, vtt, verbose_json, diarized_json'),
  });
  expect(JSON.parse((await run('transcript', firstId(), '--json')).out)).toMatchObject({
    text: 'good morning',
  });
});

test('exits with status 1 if the transcript or the job does not exist', async () => {
  const id = await openJob();
  expect(await run('transcript', id)).toMatchObject({ code: 1, err: `error: Job ${id} is queued\n` });
  const { code, err, out } = await run('show', 'job_none', '--json');
  expect({ code, err }).toEqual({ code: 1, err: 'error: There is no job "job_none"\n' });
  expect(JSON.parse(out)).toEqual({ error: { code: 'not_found', message: 'There is no job "job_none"' } });
});

test('retries the missing tasks of a job, if told that it is only those', async () => {
  const { view } = api.jobs.get(firstId())!;
  expect(await run('retry', firstId(), '--missing')).toMatchObject({
    ...{ code: 1, err: expect.stringContaining('has all its results') },
  });
  view.degraded = [{ stage: 'analysis', reason: 'the GPU is full' }];
  expect(await run('retry', firstId())).toMatchObject({
    ...{ code: 2, err: expect.stringContaining(`retry ${firstId()} --missing`) },
  });
  expect(api.made('POST', /retry/)).toBe(1);
  const { code, err } = await run('retry', firstId(), '--missing');
  expect([code, err]).toEqual([
    0,
    `Job ${firstId()} is queued again. See "spotscribe jobs show ${firstId()}"\n`,
  ]);
  view.degraded = [{ stage: 'analysis', reason: 'the GPU is full' }];
  expect(JSON.parse((await run('retry', firstId(), '--missing', '--json')).out)).toMatchObject({
    ...{ id: firstId(), status: 'queued' },
  });
});

test('cancels an open job, but never erases an ended one', async () => {
  const id = await openJob();
  expect(await run('cancel', id)).toMatchObject({ code: 0, err: `Cancelled ${id}\n` });
  expect(api.jobs.get(id)?.view.status).toBe('cancelled');
  const again = await run('cancel', id);
  expect(again).toMatchObject({ code: 1, err: expect.stringContaining('is already cancelled') });
  expect(api.jobs.has(id)).toBe(true);
});

test('erases an ended job, but no open one', async () => {
  const open = await openJob();
  expect((await run('erase', open)).err).toContain(
    `Job ${open} is queued. Cancel it first with "spotscribe jobs cancel`,
  );
  expect(JSON.parse((await run('erase', firstId(), '--json')).out)).toMatchObject({ deleted: true });
  expect([...api.jobs.keys()]).toEqual([open]);
});

test('does not retry a delete: the request with the lost answer may have cancelled the job', async () => {
  const id = await openJob();
  api.faults.push((request, response) => {
    if (request.method !== 'DELETE') return false;
    response.socket?.resetAndDestroy();
    return true;
  });
  expect((await run('cancel', id)).code).toBe(3);
  expect(api.made('DELETE', /job_/)).toBe(1);
});

test('prints an analysis, and its chapters in their formats', async () => {
  const { stages } = api.jobs.get(firstId())!.view;
  stages.analysis = 'succeeded';
  expect((await run('analysis', firstId())).out).toMatch(/^Chapters\n {2}0:00 {6}When to release/m);
  expect(JSON.parse((await run('analysis', firstId(), '--json')).out)).toEqual(api.understanding);
  const chapters = JSON.parse((await run('analysis', firstId(), '--format', 'chapters')).out);
  expect(chapters).toMatchObject({ version: '1.2.0' });
  expect((await run('analysis', firstId(), '--format', 'chapters_vtt')).out).toMatch(/^WEBVTT\n/);
  api.understanding = { ...api.understanding, chapters: undefined };
  const none = await run('analysis', firstId(), '--format', 'chapters');
  expect(none).toMatchObject({
    code: 1,
    err: expect.stringContaining('has no chapters: use --tasks chapters'),
  });
});
