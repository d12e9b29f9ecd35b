import { resultKeys, tasksFor } from '../../../core/jobs/job-tasks';
import { KEY } from '../../../core/contract/keys';
import type { Checkpoint } from '../../../core/contract/work/transcript';
import type { JobRow } from '../../../core/contract/job';
import { analysisOf, hearing, ModelServer, understanding, until } from '../../support/model-server';
import { eachTest } from './each-test';
import { RunningWorkers } from './running-worker';
import type { WorkerAws } from './worker-aws';

const VISIBILITY = 3;
let aws: WorkerAws;
let both: ModelServer;
const workers = new RunningWorkers();

eachTest(VISIBILITY, workers, async (started) => {
  aws = started;
  both = await ModelServer.start(hearing(60, 5));
  return [both];
});

const submit = async () => {
  const job = await aws.job({}, 'sound', { tasks: tasksFor({}, { transcription: {}, analysis: {} }) });
  await aws.sendJob(job);
  return job;
};
const isReadable = async (job: JobRow) => resultKeys(await aws.row(job)).transcription !== undefined;

/** Holds analyses until it is released. */
function holdAnalyses() {
  let release = () => undefined as void;
  const freed = new Promise<void>((resolve) => (release = resolve));
  both.analyst = async (request, answer) => {
    await freed;
    if (!answer.gone) await understanding(60, 1)(request, answer);
  };
  return () => release();
}

describe('a worker with one model for transcripts and analyses', () => {
  it('makes the transcripts of other jobs while an analysis goes on, and begins the next one after it', async () => {
    const release = holdAnalyses();
    await workers.start(aws, { both }, VISIBILITY);
    const first = await submit();
    await until(() => both.analyses.length === 1, 'the analysis of the first job');
    const others = [await submit(), await submit()];
    for (const job of others) await until(() => isReadable(job), 'the transcript of a later job');
    expect(both.analyses).toHaveLength(1);
    const stages = async (job: JobRow) => (await aws.row(job)).stages;
    expect(await stages(first)).toEqual({ transcript: 'succeeded', analysis: 'running' });
    for (const job of others)
      expect(await stages(job)).toEqual({ transcript: 'succeeded', analysis: 'waiting' });
    release();
    const done = await Promise.all([first, ...others].map((job) => aws.ended(job)));
    expect(done.map(({ degraded }) => degraded)).toEqual([[], [], []]);
    // The held analysis, and one transcript or analysis at a time.
    expect(both.mostAtOnce).toBe(2);
  });

  it('continues an analysis that was interrupted, beside its published transcript', async () => {
    const written = { summary: 'Numbers are said.' };
    both.analyst = async ({ earlier }, answer) => {
      answer.event({ type: 'started', duration: 60, engine: 'voxtral', model: 'test', window_seconds: 30 });
      if (earlier === undefined) {
        const findings = [{ task: 'summary', start: 0, end: 30, written }];
        answer.event({ type: 'window', end: 30, progress: 0.5, findings });
        return until(() => answer.gone, 'the worker has left');
      }
      answer.event({ type: 'result', analysis: analysisOf(60) });
    };
    const worker = await workers.start(aws, { both }, VISIBILITY);
    const job = await submit();
    await until(() => both.analyses.length === 1, 'the analysis');
    const checkpointOf = async () => (await aws.read(KEY.checkpoint(job.id))) as Checkpoint;
    await until(async () => (await checkpointOf()).analysis !== undefined, 'a checkpoint of the analysis');
    await workers.stop(worker);
    const checkpoint = await checkpointOf();
    expect(checkpoint).toMatchObject({ segments: [], analysis: { findings: [{ written }] } });
    await workers.start(aws, { both }, VISIBILITY);
    expect(await aws.ended(job)).toMatchObject({ attempt: 2, degraded: [] });
    expect([both.requests.length, both.analyses.length]).toEqual([1, 2]);
    expect(both.analyses[1]).toMatchObject({ earlier: checkpoint.analysis });
  });

  it('leaves jobs to other machines once three analyses wait', async () => {
    const release = holdAnalyses();
    await workers.start(aws, { both }, VISIBILITY);
    const jobs = [await submit(), await submit(), await submit(), await submit()];
    await until(() => both.requests.length === 3, 'three transcripts');
    await until(async () => (await aws.depth()).visible === 1, 'one message is left');
    release();
    await Promise.all(jobs.map((job) => aws.ended(job)));
  });
});
