import { copyFileSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Analysis, Claim } from '../../core/contract/work/analysis';
import type { ErrorBody } from '../../core/contract/values';
import type { HybridEvent } from '../../core/contract/work/hybrid';
import type { JobView } from '../../core/contract/job';
import { SAMPLE, sample, sampleWords, unheard, words } from './audio';
import { Laptop, spotscribe, until } from './laptop';

/** Repetitions of the sample: a minute of audio, so that both services still work when a test stops one. */
const REPEATS = 6;
/** After which a service is given up. */
const SILENCE_SECONDS = 20;

const claimsOf = ({ topics, questions, action_items, answers, entities }: Analysis): Claim[] =>
  [topics, questions, action_items, answers, entities].flatMap((claims): Claim[] => claims ?? []);

describe('words and meaning on one machine', () => {
  let laptop: Laptop;
  beforeAll(async () => {
    const settings = {
      idleMinutes: '10',
      visibilitySeconds: '30',
      modelSilenceSeconds: String(SILENCE_SECONDS),
    };
    laptop = await Laptop.start(settings, 'Hybrid');
  });
  afterAll(() => laptop?.stop());

  const containerOf = (name: string) =>
    laptop.machines()[0]?.containers.find((container) => container.name === name);
  const signal = async (name: string, kind: NodeJS.Signals) =>
    process.kill(await laptop.containerProcess(name), kind);
  const running = (id: string): Promise<JobView> =>
    until('both to work', 90, async () => {
      const job = await laptop.job(id);
      return job.stages.transcript === 'running' && job.stages.analysis === 'running' ? job : undefined;
    });
  /**
   * Voxtral gets time to show life, and hardly any to get on: the transcript may take as long as it
   * likes.
   */
  const readableWhileVoxtralCrawls = (id: string): Promise<JobView> =>
    until('a transcript', 90, async () => {
      await signal('voxtral', 'SIGCONT');
      await fetch(`http://127.0.0.1:${containerOf('voxtral')?.port}/health`);
      await signal('voxtral', 'SIGSTOP');
      const job = await laptop.job(id);
      if (job.stages.transcript === 'succeeded') return job;
      await sleep(1000);
      return undefined;
    });

  test('the command line writes the transcript, and what was understood, beside the audio', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'spotscribe-hybrid-'));
    const audio = join(folder, 'morning.flac');
    copyFileSync(SAMPLE, audio);
    await spotscribe(
      ['transcribe', audio, '--ask', 'Where is the train?', '--tasks', 'topics,summary'],
      laptop.env,
    );
    expect(readdirSync(folder).sort()).toEqual(
      ['.spotscribe-results', 'morning.analysis.json', 'morning.flac', 'morning.srt', 'morning.txt'].sort(),
    );
    expect(words(readFileSync(join(folder, 'morning.txt'), 'utf8'))).toEqual(sampleWords());
    const analysis = JSON.parse(readFileSync(join(folder, 'morning.analysis.json'), 'utf8')) as Analysis;
    expect(Object.keys(analysis)).toEqual(expect.arrayContaining(['summary', 'topics', 'answers']));
    expect(analysis).not.toHaveProperty('sentiment');
    expect(analysis.answers).toMatchObject([{ question: 'Where is the train?' }]);
    rmSync(folder, { recursive: true });
  });

  test('the transcript is readable while the analysis still runs, and its claims lead to the words', async () => {
    const expected = Array.from({ length: REPEATS }, sampleWords).flat();
    const id = await laptop.submit(unheard(REPEATS), 'early.flac');
    await running(id);
    try {
      expect(await readableWhileVoxtralCrawls(id)).toMatchObject({
        status: 'running',
        stages: { analysis: 'running' },
      });
      const found = words((await laptop.transcript(id)).text);
      // The recogniser errs now and then where windows meet.
      expect(Math.abs(found.length - expected.length)).toBeLessThan(expected.length * 0.06);
      const early = await laptop.request<ErrorBody>('GET', `/v1/jobs/${id}/analysis`);
      expect(early).toMatchObject({ status: 409, body: { error: { code: 'not_ready' } } });
    } finally {
      await signal('voxtral', 'SIGCONT');
    }
    expect(await laptop.ended(id)).toMatchObject({ status: 'succeeded', degraded: [], progress: 1 });
    const [analysis, transcript] = [await laptop.analysis(id), await laptop.transcript(id)];
    const claims = claimsOf(analysis);
    expect(claims.length).toBeGreaterThan(0);
    expect(claims.filter(({ located }) => located === true).length).toBeGreaterThanOrEqual(
      claims.length * 0.8,
    );
    for (const { start, end, segments } of claims.flatMap(({ evidence }) => evidence)) {
      if (start === undefined || end === undefined) continue;
      const said = transcript.segments.filter((segment) => segments?.includes(segment.id));
      expect(said[0]!.start).toBeLessThanOrEqual(start);
      expect(said.at(-1)!.end).toBeGreaterThanOrEqual(end);
    }
  });

  test('audio can be sent to the machine itself, which streams words and meaning', async () => {
    const form = new FormData();
    form.append('file', new Blob([sample()]), 'morning.flac');
    form.append('tasks', 'topics');
    form.append('language', 'en');
    const answer = await fetch(`http://127.0.0.1:${containerOf('worker')?.port}/hybrid`, {
      method: 'POST',
      body: form,
      headers: { accept: 'application/x-ndjson' },
    });
    const lines = (await answer.text()).split('\n').filter((line) => line !== '');
    const events = lines.map((line) => JSON.parse(line) as HybridEvent);
    const result = events.at(-1);
    expect(result).toMatchObject({ type: 'result', degraded: [], analysis: { topics: expect.any(Array) } });
    expect(words(result?.type === 'result' ? (result.transcript?.text ?? '') : '')).toEqual(sampleWords());
    expect(events.some(({ type }) => type === 'transcript')).toBe(true);
    expect(events.some(({ type }) => type === 'analysis')).toBe(true);
  });

  test('Voxtral stopped: one degraded result, the next jobs are spared, and it is tried again by itself', async () => {
    const id = await laptop.submit(unheard(REPEATS), 'stopped.flac');
    await running(id);
    await signal('voxtral', 'SIGSTOP');
    const reasonOf = async (job: string) => {
      const ended = await laptop.ended(job);
      expect(ended).toMatchObject({
        status: 'succeeded',
        stages: { transcript: 'succeeded', analysis: 'failed' },
        degraded: [{ stage: 'analysis' }],
      });
      expect((await laptop.transcript(job)).segments.length).toBeGreaterThan(0);
      return ended.degraded[0]?.reason;
    };
    expect(await reasonOf(id)).toMatch(/The voxtral service did not finish: silent for/);
    expect(await reasonOf(await laptop.submit(sample(), 'again.flac'))).toMatch(/does not answer/);
    expect(await reasonOf(await laptop.submit(sample(), 'spared.flac'))).toMatch(/not used for a while/);
    await signal('voxtral', 'SIGCONT');
    await until('the breaker to close', 120, async () => {
      const job = await laptop.ended(await laptop.submit(sample(), 'tried.flac'));
      return job.degraded.length === 0 && job.stages.analysis === 'succeeded' ? true : undefined;
    });
  });

  test('Whisper stopped: its transcript is missed, and the analysis is delivered', async () => {
    const id = await laptop.submit(unheard(REPEATS), 'unheard.flac');
    await running(id);
    await signal('whisper', 'SIGSTOP');
    try {
      const job = await laptop.ended(id);
      expect(job).toMatchObject({
        status: 'succeeded',
        stages: { transcript: 'failed', analysis: 'succeeded' },
        degraded: [{ stage: 'transcript', reason: expect.stringContaining('silent for') }],
      });
    } finally {
      await signal('whisper', 'SIGCONT');
    }
    expect(claimsOf(await laptop.analysis(id)).every(({ located }) => located === undefined)).toBe(true);
    const missing = await laptop.request<ErrorBody>('GET', `/v1/jobs/${id}/transcript`);
    expect(missing.status).toBe(409);
    expect(missing.body.error.message).toContain('silent for');
  });

  test.each([
    ['voxtral', 'transcript', 'analysis'],
    ['whisper', 'analysis', 'transcript'],
  ])('%s killed: one degraded result with the %s, and it is started again', async (name, kept, lost) => {
    const worker = await laptop.containerProcess('worker');
    const id = await laptop.submit(unheard(REPEATS), 'killed.flac');
    await running(id);
    const pid = await laptop.containerProcess(name);
    process.kill(pid, 'SIGKILL');
    expect(await laptop.ended(id)).toMatchObject({
      status: 'succeeded',
      stages: { [kept]: 'succeeded', [lost]: 'failed' },
      degraded: [{ stage: lost, reason: expect.stringContaining(name) }],
    });
    expect(await laptop.containerProcess(name)).not.toBe(pid);
    expect(await laptop.containerProcess('worker')).toBe(worker);
    const next = await laptop.ended(await laptop.submit(sample(), 'next.flac'));
    expect(next).toMatchObject({ status: 'succeeded', degraded: [] });
  });

  test('both stopped: the job is tried again, and there is one whole result', async () => {
    const id = await laptop.submit(unheard(REPEATS), 'both.flac');
    await running(id);
    await Promise.all([signal('whisper', 'SIGSTOP'), signal('voxtral', 'SIGSTOP')]);
    await until('the job to be given back', 60, async () =>
      (await laptop.job(id)).status === 'queued' ? true : undefined,
    );
    await Promise.all([signal('whisper', 'SIGCONT'), signal('voxtral', 'SIGCONT')]);
    expect(await laptop.ended(id)).toMatchObject({ status: 'succeeded', degraded: [] });
    expect(await laptop.messages('queueUrl')).toBe(0);
  });
});
