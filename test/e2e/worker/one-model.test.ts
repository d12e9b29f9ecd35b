import { resultKeys, tasksFor } from '../../../core/jobs/job-tasks';
import type { JobRow } from '../../../core/contract/job';
import { hearing, ModelServer, understanding, until } from '../../support/model-server';
import { RunningWorkers } from './running-worker';
import { WorkerAws } from './worker-aws';

const VISIBILITY = 3;
let aws: WorkerAws;
let both: ModelServer;
const workers = new RunningWorkers();

beforeAll(async () => {
  aws = await WorkerAws.start();
});
afterAll(() => aws?.stop());
beforeEach(async () => {
  await aws.freshQueues(VISIBILITY);
  both = await ModelServer.start(hearing(60, 5));
});
afterEach(async () => {
  await workers.reset();
  await both.stop();
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
