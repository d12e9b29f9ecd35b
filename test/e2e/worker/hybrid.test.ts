import { setTimeout as sleep } from 'node:timers/promises';
import type { Guards } from '../../../docker/worker/src/services/guarded-service';
import { resultKeys, tasksFor } from '../../../core/jobs/job-tasks';
import type { Analysis } from '../../../core/contract/work/analysis';
import type { JobOptions } from '../../../core/contract/work/options';
import type { JobRow } from '../../../core/contract/job';
import { KEY } from '../../../core/contract/keys';
import {
  type AnalysisScript,
  hearing,
  ModelServer,
  type Script,
  understanding,
  until,
} from '../../support/model-server';
import { eachTest } from './each-test';
import { RunningWorkers, type RunOptions } from './running-worker';
import type { WorkerAws } from './worker-aws';

const VISIBILITY = 3;
/** Long enough to tell that a service is left alone, short enough to wait for its end. */
const REST_MS = 15_000;
const GUARDS: Guards = { restMs: REST_MS, absentMs: 0 };
let aws: WorkerAws;
let whisper: ModelServer;
let voxtral: ModelServer;
const workers = new RunningWorkers();

eachTest(VISIBILITY, workers, async (started) => {
  aws = started;
  whisper = await ModelServer.start(hearing(60, 5));
  voxtral = await ModelServer.start(hearing(60, 5));
  return [whisper, voxtral];
});

const start = (options?: RunOptions) =>
  workers.start(aws, { whisper, voxtral }, VISIBILITY, { guards: GUARDS, ...options });
const row = (job: JobRow) => aws.row(job);
const ended = (job: JobRow, as?: JobRow['status']) => aws.ended(job, as);
const submit = async (options: JobOptions = {}) => {
  const job = await aws.job(options, 'sound', {
    tasks: tasksFor(options, { transcription: {}, analysis: {} }),
  });
  await aws.sendJob(job);
  return job;
};
const analysisOf = async (job: JobRow) => (await aws.read(resultKeys(job).analysis!)) as Analysis;
const transcriptKey = (job: JobRow) => resultKeys(job).transcription;
/** Begins its answer, and says nothing more. */
const hangs = (_: unknown, answer: { raw: (text: string) => void; readonly gone: boolean }) => {
  answer.raw('\n');
  return until(() => answer.gone, 'it is given up');
};
const breaks = (_: unknown, answer: { breakOff: () => void }) => answer.breakOff();

type AnyScript = (request: object, answer: Parameters<Script>[1]) => Promise<void> | void;

/** Breaks off its first answer. */
function breaksOnce<S extends Script | AnalysisScript>(script: S): S {
  let calls = 0;
  const first = async (request: Parameters<S>[0], answer: Parameters<S>[1]) =>
    calls++ === 0 ? breaks(request, answer) : (script as AnyScript)(request, answer);
  return first as unknown as S;
}

/** Holds a service in the middle of its work. */
function held<S extends Script | AnalysisScript>(script: S) {
  let release = () => undefined as void;
  const freed = new Promise<void>((resolve) => (release = resolve));
  const holding = async (request: Parameters<S>[0], answer: Parameters<S>[1]) => {
    await freed;
    if (!answer.gone) await (script as AnyScript)(request, answer);
  };
  return { script: holding as unknown as S, release };
}

describe('a worker with two models', () => {
  it('gives both results, each claim with its place in the transcript', async () => {
    const job = await submit({ analysis: { tasks: ['topics'], questions: ['Who?'] } });
    await start();
    const done = await ended(job);
    expect(done).toMatchObject({
      progress: 1,
      attempt: 1,
      stages: { transcript: 'succeeded', analysis: 'succeeded' },
      degraded: [],
      receipt: { audio_seconds: 60 },
    });
    expect(voxtral.analyses).toMatchObject([{ tasks: ['topics'], questions: ['Who?'], max_seconds: 3600 }]);
    expect(whisper.requests[0]).not.toHaveProperty('analysis');
    const { topics } = await analysisOf(done);
    expect(topics?.map(({ located, evidence }) => [located, evidence[0]?.start])).toEqual(
      [0, 10, 20, 30, 40, 50].map((start) => [true, start]),
    );
    expect(JSON.stringify(workers.lines)).not.toContain('word 10');
    expect((await aws.keys(KEY.job(job.id))).sort()).toEqual(
      [KEY.input(job.id), KEY.result(job.id, 1, 'analysis'), KEY.result(job.id, 1, 'transcript')].sort(),
    );
  });

  it('lets the transcript be read while the analysis still runs', async () => {
    const analysis = held(understanding(60, 1));
    voxtral.analyst = analysis.script;
    const job = await submit();
    await start();
    await until(async () => (await row(job)).stages.transcript === 'succeeded', 'a transcript');
    const running = await row(job);
    expect(running).toMatchObject({ status: 'running', stages: { analysis: 'running' }, progress: 0.5 });
    expect((await aws.transcript(running)).segments).toHaveLength(6);
    expect(resultKeys(running).analysis).toBeUndefined();
    analysis.release();
    expect(await ended(job)).toMatchObject({
      results: { transcription: transcriptKey(running) },
      degraded: [],
    });
  });

  it('transcribes the next job while this one is understood', async () => {
    const analysis = held(understanding(60, 1));
    voxtral.analyst = analysis.script;
    const [first, second] = [await submit(), await submit()];
    await start();
    const readable = async (job: JobRow) => transcriptKey(await row(job)) !== undefined;
    await until(async () => (await readable(first)) && (await readable(second)), 'two transcripts');
    expect(voxtral.analyses).toHaveLength(1);
    analysis.release();
    await Promise.all([ended(first), ended(second)]);
    expect(voxtral.mostAtOnce).toBe(1);
  });

  it('asks nobody for an analysis that is not wanted', async () => {
    const job = await submit({ analysis: false });
    await start();
    expect(await ended(job)).toMatchObject({ stages: { transcript: 'succeeded' }, degraded: [] });
    expect(voxtral.analyses).toHaveLength(0);
  });

  it.each<[string, AnalysisScript, RegExp]>([
    ['breaks off', breaks, /did not finish/],
    ['answers 500', (_, answer) => answer.refuse(500, 'oh'), /returned 500/],
    ['runs out of memory', (_, answer) => answer.event(failed('the GPU is full')), /the GPU is full/],
    ['sends what is no analysis', (_, answer) => answer.raw('{"type":"result"}\n'), /not a valid event/],
    ['hangs', hangs, /silent for 700 ms/],
  ])('delivers the transcript where voxtral %s, and says why', async (_, script, reason) => {
    voxtral.analyst = script;
    const job = await submit();
    await start({ silenceMs: 700 });
    const done = await ended(job);
    expect(done).toMatchObject({
      attempt: 1,
      stages: { transcript: 'succeeded', analysis: 'failed' },
      degraded: [{ stage: 'analysis', reason: expect.stringMatching(reason) }],
    });
    expect(Object.keys(resultKeys(done))).toEqual(['transcription']);
    expect((await aws.transcript(done)).segments).toHaveLength(6);
  });

  it.each<[string, Script]>([
    ['breaks off', breaks],
    ['hangs', hangs],
  ])('delivers the analysis where whisper %s, and says why', async (_, script) => {
    whisper.script = script;
    const job = await submit({ diarize: true });
    await start({ silenceMs: 700 });
    const done = await ended(job);
    expect(done).toMatchObject({
      stages: { transcript: 'failed', diarization: 'failed', analysis: 'succeeded' },
      degraded: [{ stage: 'transcript', reason: expect.stringContaining('whisper') }],
    });
    expect(Object.keys(resultKeys(done))).toEqual(['analysis']);
    const { topics } = await analysisOf(done);
    expect(topics?.map(({ located }) => located)).toEqual(Array(6).fill(undefined));
  });

  const retry = async (job: JobRow) => {
    const before = await row(job);
    const queued = await aws.store.retry(before, {}, {}, new Date());
    await aws.sendJob(job);
    return queued!;
  };

  it('does only the analysis where it was missing, and adds to the receipt', async () => {
    voxtral.analyst = breaks;
    const job = await submit();
    await start();
    const before = await ended(job);
    expect(Object.keys(resultKeys(before))).toEqual(['transcription']);
    const analysis = held(understanding(60, 1));
    voxtral.analyst = analysis.script;
    expect(await retry(job)).toMatchObject({ status: 'queued', results: before.results });
    await until(async () => (await row(job)).stages.analysis === 'running', 'an analysis');
    const running = await row(job);
    expect(running).toMatchObject({ stages: { transcript: 'succeeded' }, results: before.results });
    expect((await aws.transcript(running)).segments).toHaveLength(6);
    await sleep(200);
    analysis.release();
    const done = await ended(job);
    expect(done).toMatchObject({
      attempt: 2,
      results: { ...before.results, analysis: KEY.result(job.id, 2, 'analysis') },
      stages: { transcript: 'succeeded', analysis: 'succeeded' },
      ...{ degraded: [], progress: 1 },
      receipt: { measures: { audio_second: 60 } },
    });
    expect([whisper.requests.length, voxtral.analyses.length]).toEqual([1, 2]);
    expect((await analysisOf(done)).topics?.every(({ located }) => located)).toBe(true);
    const [first, both] = [before.receipt!, done.receipt!];
    expect(both.processing_seconds).toBeGreaterThanOrEqual(first.processing_seconds + 0.2);
    expect(both.cost! / first.cost!).toBeCloseTo(both.processing_seconds / first.processing_seconds, 1);
  });

  it('does only the transcript where it was missing, and locates the analysis in it', async () => {
    whisper.script = breaks;
    const job = await submit();
    await start();
    const before = await ended(job);
    expect(Object.keys(resultKeys(before))).toEqual(['analysis']);
    whisper.script = hearing(60, 1);
    await retry(job);
    const done = await ended(job);
    expect(done).toMatchObject({ degraded: [], stages: { transcript: 'succeeded', analysis: 'succeeded' } });
    expect((await analysisOf(done)).topics?.every(({ located }) => located)).toBe(true);
    expect(voxtral.analyses).toHaveLength(1);
    await until(
      async () => !(await aws.keys(KEY.job(job.id))).includes(resultKeys(before).analysis!),
      'tidy',
    );
  });

  it('leaves a job as it was where its retry fails, with the new reason', async () => {
    voxtral.analyst = breaks;
    const job = await submit();
    await start();
    const before = await ended(job);
    voxtral.analyst = (_, answer) => answer.event(failed('the GPU is full'));
    await retry(job);
    const done = await ended(job);
    expect(done).toMatchObject({
      results: before.results,
      degraded: [{ stage: 'analysis', reason: expect.stringContaining('the GPU is full') }],
    });
    expect((await aws.transcript(done)).segments).toHaveLength(6);
  });

  it('leaves a job as it was where its retry is cancelled, and stops the analysis', async () => {
    voxtral.analyst = breaks;
    const job = await submit();
    await start();
    const before = await ended(job);
    voxtral.analyst = (_, answer) => until(() => answer.gone, 'it is called off');
    await retry(job);
    await until(async () => (await row(job)).stages.analysis === 'running', 'an analysis');
    expect(await aws.store.cancel(job.id, job.tenant, new Date())).toMatchObject({ status: 'succeeded' });
    await until(() => workers.lines.some(({ outcome }) => outcome === 'lost'), 'the worker gives up');
    await aws.emptied();
    const done = await row(job);
    expect(done).toMatchObject({ status: 'succeeded', results: before.results, receipt: before.receipt });
    expect((await aws.transcript(done)).segments).toHaveLength(6);
    expect(await aws.keys(KEY.job(job.id))).toContain(KEY.input(job.id));
  });

  it('leaves a job as it was where its input is gone', async () => {
    voxtral.analyst = breaks;
    const job = await submit();
    await start();
    const before = await ended(job);
    await aws.remove(job.input_key);
    await retry(job);
    expect(await ended(job)).toMatchObject({
      results: before.results,
      degraded: [{ stage: 'analysis', reason: expect.stringContaining('no longer in the bucket') }],
    });
    expect(await row(job)).not.toHaveProperty('error');
  });

  it('tries again where both fail, and never calls that a success', async () => {
    whisper.script = breaksOnce(hearing(60, 1));
    voxtral.analyst = breaksOnce(understanding(60, 1));
    const job = await submit();
    await start();
    expect(await ended(job)).toMatchObject({ attempt: 2, degraded: [] });
    const outcomes = () => workers.lines.flatMap(({ outcome }) => (outcome === undefined ? [] : [outcome]));
    // The row ends before the worker logs it.
    await until(() => outcomes().length === 2, 'both attempts are logged');
    expect(outcomes()).toEqual(['retried', 'succeeded']);
  });

  it('spares the next jobs a service that failed twice, until it works again', async () => {
    voxtral.analyst = breaks;
    await start();
    await ended(await submit());
    await ended(await submit());
    expect(voxtral.analyses).toHaveLength(2);
    const spared = await ended(await submit());
    expect(voxtral.analyses).toHaveLength(2);
    expect(spared).toMatchObject({
      degraded: [
        {
          stage: 'analysis',
          reason: expect.stringMatching(/not used for a while; last failure: .*did not finish/),
        },
      ],
    });
    voxtral.analyst = understanding(60, 1);
    await sleep(REST_MS);
    expect(await ended(await submit())).toMatchObject({ degraded: [], stages: { analysis: 'succeeded' } });
    expect(workers.lines.map(({ msg }) => msg)).toEqual(
      expect.arrayContaining(['circuit breaker opened', 'circuit breaker closed']),
    );
  });

  it('goes on with the analysis alone where the transcript was read already when it was stopped', async () => {
    const analysis = held(understanding(60, 1));
    voxtral.analyst = analysis.script;
    const job = await submit();
    const worker = await start();
    await until(async () => (await row(job)).stages.transcript === 'succeeded', 'a transcript');
    const { results } = await row(job);
    await workers.stop(worker);
    analysis.release();
    expect(await row(job)).toMatchObject({ status: 'queued', results });
    expect(voxtral.abandoned).toBe(1);

    voxtral.analyst = understanding(60, 1);
    await start();
    const done = await ended(job);
    expect(done).toMatchObject({ attempt: 2, results, degraded: [] });
    expect(whisper.requests).toHaveLength(1);
    expect((await analysisOf(done)).topics?.every(({ located }) => located)).toBe(true);
  });

  it('keeps a transcript that is read while another worker has taken the job over', async () => {
    const analysis = held(understanding(60, 1));
    voxtral.analyst = analysis.script;
    const job = await submit();
    await start({ visibility: 60 });
    await until(async () => (await row(job)).stages.transcript === 'succeeded', 'a transcript');
    const { results } = await row(job);
    await aws.store.claim(job.id, 'other-message', Date.now() + 60_000, new Date(Date.now() + 120_000));
    analysis.release();
    await until(() => workers.lines.some(({ outcome }) => outcome === 'lost'), 'the first attempt gives up');
    expect(await row(job)).toMatchObject({ status: 'running', attempt: 2, results });
    expect(await aws.keys(KEY.job(job.id))).toContain(results!.transcription);
  });

  it('fails a job whose audio is at fault at once, and calls the analysis off', async () => {
    voxtral.analyst = (_, answer) => until(() => answer.gone, 'it is called off');
    whisper.script = (_, answer) =>
      answer.refuse(422, {
        error: { code: 'bad_audio', message: 'no audio', type: 'invalid_request_error', param: null },
      });
    const job = await submit();
    await start();
    expect(await ended(job, 'failed')).toMatchObject({ attempt: 1, error: { code: 'bad_audio' } });
    await until(() => voxtral.abandoned === 1, 'voxtral is told');
  });

  it('takes work while one of the two is away, and waits for one that loads its model', async () => {
    voxtral.healthy = false;
    const job = await submit();
    await start();
    await until(async () => (await row(job)).stages.transcript === 'succeeded', 'a transcript');
    expect(voxtral.analyses).toHaveLength(0);
    voxtral.healthy = true;
    expect(await ended(job)).toMatchObject({ degraded: [] });
  });
});

const failed = (message: string) => ({ type: 'error', error: { code: 'internal', message } }) as const;
