import type { CustomResult } from '../../../core/contract/work/custom';
import { KEY } from '../../../core/contract/keys';
import type { JobRow } from '../../../core/contract/job';
import { hearing, ModelServer, until } from '../../support/model-server';
import { eachTest } from './each-test';
import { RunningWorkers } from './running-worker';
import type { WorkerAws } from './worker-aws';

const VISIBILITY = 3;
const DESCRIBED = { unit: 'token', result_type: 'application/json' } as const;
let aws: WorkerAws;
let own: ModelServer;
let whisper: ModelServer;
const workers = new RunningWorkers();

eachTest(VISIBILITY, workers, async (started) => {
  aws = started;
  own = await ModelServer.start(hearing(1, 1));
  whisper = await ModelServer.start(hearing(20, 1));
  return [own, whisper];
});

const row = (job: JobRow) => aws.row(job);
const ended = (job: JobRow, as?: JobRow['status']) => aws.ended(job, as);
async function submit(change: Partial<JobRow> = {}): Promise<JobRow> {
  const tasks = { custom: { language: 'en' } };
  const job = await aws.job({}, 'some text', {
    tasks,
    custom: DESCRIBED,
    media_type: 'text/plain',
    ...change,
  });
  await aws.sendJob(job);
  return job;
}
const resultOf = async (job: JobRow) => (await aws.read((await row(job)).results!.custom!)) as CustomResult;

describe('a worker with a user’s own service', () => {
  it('gives it the input and the options, and commits its result with its measure', async () => {
    own.custom = (_, answer) => {
      answer.event({ type: 'progress', progress: 0.5 });
      answer.event({ type: 'result', result: { words: 2 }, measure: 12 });
    };
    const job = await submit();
    await workers.start(aws, { own }, VISIBILITY);
    const done = await ended(job);
    expect(own.runs).toEqual([
      { path: `${job.id}/input`, media_type: 'text/plain', options: { language: 'en' } },
    ]);
    expect(done).toMatchObject({
      progress: 1,
      stages: { custom: 'succeeded' },
      results: { custom: KEY.result(job.id, 1, 'result') },
      receipt: { measures: { token: 12 }, audio_seconds: 0, cost_per_audio_minute: null },
    });
    expect(await resultOf(job)).toEqual({ version: 1, result: { words: 2 }, measure: 12, degraded: [] });
  });

  it('counts its measure on the quota of the key', async () => {
    own.custom = (_, answer) => answer.event({ type: 'result', result: 'x', measure: 5 });
    await workers.start(aws, { own }, VISIBILITY);
    for (const job of [await submit({ key_id: 'key_1' }), await submit({ key_id: 'key_1' })])
      await ended(job);
    expect(await aws.store.usage.used('key_1', new Date())).toEqual({ token: 10 });
  });

  it('fails a job whose input the service refuses', async () => {
    const message = 'The text has no verb';
    own.custom = (_, answer) =>
      answer.refuse(400, { error: { code: 'invalid_request', message, type: 'x', param: null } });
    await workers.start(aws, { own }, VISIBILITY);
    const done = await ended(await submit(), 'failed');
    expect(done).toMatchObject({ error: { code: 'invalid_request', message }, attempt: 1 });
  });

  it('refuses a result of another type than declared, without quoting it', async () => {
    own.custom = (_, answer) => answer.event({ type: 'result', result: { secret: 1 }, measure: 1 });
    await workers.start(aws, { own }, VISIBILITY);
    const job = await submit({ custom: { unit: 'token', result_type: 'text/plain' } });
    await until(() => own.runs.length >= 2, 'another attempt');
    expect((await row(job)).results).toBeUndefined();
    const lines = JSON.stringify(workers.lines);
    expect(lines).toContain('The own service returned a result that is not a string');
    expect(lines).not.toContain('secret');
  });

  it('delivers the transcript of the same input if it fails, and the reason', async () => {
    own.custom = (_, answer) =>
      answer.event({ type: 'error', error: { code: 'invalid_request', message: 'no verb' } });
    await workers.start(aws, { own, whisper }, VISIBILITY);
    const job = await submit({ tasks: { transcription: {}, custom: {} } });
    const done = await ended(job);
    expect(done).toMatchObject({
      stages: { transcript: 'succeeded', custom: 'failed' },
      degraded: [{ stage: 'custom', reason: 'no verb' }],
      receipt: { measures: { audio_second: 20 } },
    });
    expect((await aws.transcript(done)).duration).toBe(20);
  });

  it('retries a task that no service of the machine does, and says so', async () => {
    await workers.start(aws, { whisper }, VISIBILITY);
    await submit();
    const said = 'No service of this machine does the task custom';
    await until(() => JSON.stringify(workers.lines).includes(said), 'the reason is logged');
  });
});
