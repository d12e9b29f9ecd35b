import { ModelServiceFailed, Stopping } from '../../../docker/worker/src/errors';
import { runSteps as runTasks, type Step } from '../../../docker/worker/src/jobs/steps';
import { TASKS } from '../../../core/tasks';
import type { Analysis } from '../../../core/contract/work/analysis';
import type { Transcript } from '../../../core/contract/work/transcript';
import { SpotscribeError, StaleAttempt } from '../../../core/contract/errors';
import { analysisOf, segmentAt, transcriptOf } from '../../support/model-server';

const never = new AbortController().signal;
const transcript = transcriptOf([segmentAt(0), segmentAt(10, 1)], 20);
const analysis = analysisOf(20);
const fails = (error: Error) => async () => Promise.reject(error);
const gives =
  <T>(result: T) =>
  async () =>
    Promise.resolve(result);
/** Works until it is aborted. */
const endless = (signal: AbortSignal) =>
  new Promise<never>((_, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error)));

type Run<N extends 'transcription' | 'analysis' | 'custom'> = Step<N>['run'];

/** Runs a transcription, and an analysis if there is one. */
const runSteps = (
  { transcribe, analyze }: { transcribe: Run<'transcription'>; analyze?: Run<'analysis'> },
  signal: AbortSignal,
) =>
  runTasks(
    [
      { task: TASKS.transcription, run: transcribe },
      ...(analyze === undefined ? [] : [{ task: TASKS.analysis, run: analyze }]),
    ],
    signal,
  );

describe('transcription and analysis at the same time', () => {
  it('return both results, with each claim located in the transcript', async () => {
    const lost = { stage: 'analysis' as const, reason: 'no sentiment' };
    const outcome = await runSteps(
      { transcribe: gives(transcript), analyze: gives<Analysis>({ ...analysis, degraded: [lost] }) },
      never,
    );
    expect(outcome.results.transcription).toBe(transcript);
    expect(outcome.degraded).toEqual([lost]);
    expect(
      outcome.results.analysis?.topics?.map(({ located, evidence }) => [located, evidence[0]?.start]),
    ).toEqual([
      [true, 0],
      [true, 10],
    ]);
  });

  it('do not locate claims in a translation', async () => {
    const translated: Transcript = { ...transcript, task: 'translate' };
    const outcome = await runSteps({ transcribe: gives(translated), analyze: gives(analysis) }, never);
    expect(outcome.results.analysis).toEqual(analysis);
  });

  it('give chapters their times in the transcript, and without a transcript say so', async () => {
    const evidence = analysis.topics!.flatMap((topic) => topic.evidence.slice(0, 1));
    const chapters = evidence.map((words, n) => ({ title: `${n}`, evidence: [words] }));
    const analyze = gives<Analysis>({ ...analysis, duration: 60, chapters });
    const whole = await runSteps({ transcribe: gives(transcript), analyze }, never);
    expect(whole.results.analysis?.chapters?.map(({ start, end }) => [start, end])).toEqual([
      [0, 10],
      [10, 60],
    ]);
    expect(whole.degraded).toEqual([]);
    const translated = gives<Transcript>({ ...transcript, task: 'translate' });
    const { degraded } = await runSteps({ transcribe: translated, analyze }, never);
    expect(degraded).toEqual([
      { stage: 'analysis', reason: expect.stringMatching(/^Chapters: there is no transcript/) },
    ]);
  });

  it('start both before either has ended', async () => {
    const begun: string[] = [];
    const meet = (name: string, other: string) => async () => {
      begun.push(name);
      while (!begun.includes(other)) await new Promise(setImmediate);
    };
    await runSteps(
      {
        transcribe: () => meet('words', 'meaning')().then(() => transcript),
        analyze: () => meet('meaning', 'words')().then(() => analysis),
      },
      never,
    );
    expect(begun).toEqual(['words', 'meaning']);
  });

  it('return the transcript and the reason if the analysis fails', async () => {
    const analyze = fails(new ModelServiceFailed('voxtral is away'));
    expect(await runSteps({ transcribe: gives(transcript), analyze }, never)).toEqual({
      results: { transcription: transcript },
      degraded: [{ stage: 'analysis', reason: 'voxtral is away' }],
    });
  });

  it('return the analysis and the reason if the transcription fails', async () => {
    const transcribe = fails(new ModelServiceFailed('whisper is away'));
    expect(await runSteps({ transcribe, analyze: gives(analysis) }, never)).toEqual({
      results: { analysis },
      degraded: [{ stage: 'transcript', reason: 'whisper is away' }],
    });
  });

  it.each([
    ['both fail', fails(new ModelServiceFailed('voxtral is away'))],
    ['no analysis is requested', undefined],
  ])('fail if the transcription fails and %s', async (_, analyze) => {
    const failure = new ModelServiceFailed('whisper is away');
    await expect(runSteps({ transcribe: fails(failure), analyze }, never)).rejects.toBe(failure);
  });

  it.each([
    ['the audio is the cause', new SpotscribeError('bad_audio', 'noise')],
    ['another worker has the job', new StaleAttempt('job', 1)],
    ['another error occurs', new Error('S3 is away')],
  ])('end at once if %s', async (_, failure) => {
    await expect(runSteps({ transcribe: fails(failure), analyze: endless }, never)).rejects.toThrow(
      failure.message,
    );
  });

  it('end at once if the job is lost during the analysis', async () => {
    const failure = new StaleAttempt('job', 1);
    await expect(runSteps({ transcribe: endless, analyze: fails(failure) }, never)).rejects.toBe(failure);
  });

  it('throw the reason of the abort, not its consequences', async () => {
    const stop = new AbortController();
    const ending = runSteps({ transcribe: endless, analyze: endless }, stop.signal);
    const reason = new Stopping();
    stop.abort(reason);
    await expect(ending).rejects.toBe(reason);
  });
});

describe('any tasks', () => {
  const custom = { version: 1 as const, result: { label: 'cat' }, measure: 1, degraded: [] };
  const step = (run: Run<'custom'>) => ({ task: TASKS.custom, run });

  it('have their results and degradations in the order of the steps', async () => {
    const cut = { stage: 'transcript', reason: 'cut' };
    const outcome = await runTasks(
      [
        { task: TASKS.transcription, run: gives({ ...transcript, degraded: [cut] }) },
        step(gives({ ...custom, degraded: [{ stage: 'labels', reason: 'only ten' }] })),
        { task: TASKS.analysis, run: fails(new ModelServiceFailed('voxtral is away')) },
      ],
      never,
    );
    expect(Object.keys(outcome.results)).toEqual(['transcription', 'custom']);
    expect(outcome.degraded).toEqual([
      cut,
      { stage: 'labels', reason: 'only ten' },
      { stage: 'analysis', reason: 'voxtral is away' },
    ]);
  });

  it('fail with the only task, even if that does not decide', async () => {
    const bad = new SpotscribeError('bad_audio', 'not an image');
    await expect(runTasks([step(fails(bad))], never)).rejects.toBe(bad);
  });

  it('do not end others that decide', async () => {
    const bad = new SpotscribeError('invalid_request', 'no such label');
    const outcome = await runTasks(
      [{ task: TASKS.transcription, run: gives(transcript) }, step(fails(bad))],
      never,
    );
    expect(outcome).toEqual({
      results: { transcription: transcript },
      degraded: [{ stage: 'custom', reason: 'no such label' }],
    });
  });
});
