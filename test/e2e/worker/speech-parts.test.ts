import type { JobRow } from '../../../core/contract/job';
import { KEY, SHARED } from '../../../core/contract/keys';
import type { Speech } from '../../../core/contract/work/speech';
import type { Checkpoint } from '../../../core/contract/work/transcript';
import { says, speaking, SPOKEN, spokenTotals, SpeechServer } from '../../support/speech';
import { until } from '../../until';
import { eachTest } from './each-test';
import { RunningWorkers, type RunOptions } from './running-worker';
import type { WorkerAws } from './worker-aws';

const VISIBILITY = 3;
jest.setTimeout(60_000);

let aws: WorkerAws;
let service: SpeechServer;
const workers = new RunningWorkers();
/** The folder of the worker that was started last. */
const shared = () => workers.folders.at(-1)!;

eachTest(VISIBILITY, workers, async (started) => {
  aws = started;
  service = await new SpeechServer(speaking(3, shared)).start();
  return [service];
});

const start = (options?: RunOptions) => workers.start(aws, { speech: service }, VISIBILITY, options);
const text = (change: Partial<JobRow> = {}) =>
  aws.job({}, 'Good morning.', { tasks: { speech: {} }, stages: { speech: 'waiting' }, ...change });
async function submit(change?: Partial<JobRow>): Promise<JobRow> {
  const job = await text(change);
  await aws.sendJob(job);
  return job;
}
const part = (job: JobRow, attempt: number, number: number) => KEY.part(job.id, attempt, number, 'flac');
const file = (job: JobRow, attempt: number) => KEY.file(job.id, attempt, 'speech.mp3');
const result = (job: JobRow, attempt: number) => KEY.result(job.id, attempt, 'speech');
const keys = (job: JobRow) => aws.keys(KEY.job(job.id));
const WHOLE = 'sentences 1 and 2. sentences 3 and 4. sentences 5 and 6. ';

describe('a worker with a speech service', () => {
  it('commits the file with a receipt in characters, and erases the parts', async () => {
    const job = await submit({ key_id: 'key_1' });
    await start();
    const done = await aws.ended(job);
    await aws.emptied();
    expect(done).toMatchObject({
      progress: 1,
      stages: { speech: 'succeeded' },
      results: { speech: result(job, 1) },
      receipt: { measures: { character: 120 }, audio_seconds: 0 },
    });
    expect(done.receipt!.cost_per_unit!.character).toBeGreaterThan(0);
    expect(((await aws.read(result(job, 1))) as Speech).files).toEqual([
      { name: 'speech.mp3', bytes: WHOLE.length, seconds: 9, attempt: 1 },
    ]);
    expect(await aws.text(file(job, 1))).toBe(WHOLE);
    expect(await aws.contentType(file(job, 1))).toBe('audio/mpeg');
    expect(await keys(job)).toEqual([KEY.input(job.id), file(job, 1), result(job, 1)].sort());
    expect(await aws.store.usage.used('key_1', new Date())).toEqual({ character: 120 });
  });

  it('continues on another machine after the last checkpoint of a killed worker', async () => {
    const job = await text();
    await aws.store.claim(job.id, 'other-message', Date.now() - 1, new Date());
    await aws.put(part(job, 1, 1), 'sentences 1 and 2. ');
    await aws.put(part(job, 1, 2), 'not in the checkpoint');
    await aws.put(file(job, 1), 'half of a file');
    const checkpoint: Checkpoint = {
      ...{ end: 0, segments: [], processing_seconds: 100 },
      speech: { ...SPOKEN, totals: spokenTotals(2), parts: [1] },
    };
    await aws.put(KEY.checkpoint(job.id), JSON.stringify(checkpoint));
    await start();
    await aws.sendJob(job);
    const done = await aws.ended(job);
    await aws.emptied();
    expect(service.requests[0]?.earlier?.parts).toEqual([SHARED.part(job.id, 1, 'flac')]);
    expect(await aws.text(file(job, 2))).toBe(WHOLE);
    expect(await keys(job)).toEqual([KEY.input(job.id), file(job, 2), result(job, 2)].sort());
    expect(done.receipt!.measures).toEqual({ character: 120 });
    expect(done.receipt!.processing_seconds).toBeGreaterThan(100);
  });

  it('continues after the last stored part when the worker was told to stop', async () => {
    service.script = speaking(4, shared, () => new Promise((resolve) => setTimeout(resolve, 200)));
    const job = await submit();
    const worker = await start({ checkpointMs: 3_600_000 });
    await until(async () => (await keys(job)).includes(part(job, 1, 2)), 'two parts');
    await workers.stop(worker);
    const { speech } = (await aws.read(KEY.checkpoint(job.id))) as Checkpoint;
    expect(speech!.parts.length).toBeGreaterThanOrEqual(2);
    await start();
    await aws.ended(job);
    await aws.emptied();
    expect(service.requests[1]?.earlier?.totals).toEqual(spokenTotals(speech!.parts.length * 2));
    expect(await aws.text(file(job, 2))).toBe(`${WHOLE}sentences 7 and 8. `);
    expect(await keys(job)).toEqual([KEY.input(job.id), file(job, 2), result(job, 2)].sort());
  });

  it('leaves nothing behind if its job was cancelled', async () => {
    service.script = speaking(1_000, shared, () => new Promise((resolve) => setTimeout(resolve, 30)));
    const job = await submit();
    await start();
    await until(async () => (await keys(job)).includes(part(job, 1, 3)), 'three parts');
    await aws.store.cancel(job.id, 'default', new Date());
    await aws.emptied();
    expect(await aws.versions(KEY.job(job.id))).toMatchObject([{ key: KEY.input(job.id) }]);
  });

  it('fails a text that the service refuses, at once, and keeps nothing of it', async () => {
    const message = 'The text has no sentence';
    service.script = async (request, answer) => {
      await speaking(2, shared, (number) => {
        if (number === 2) says(answer, { type: 'error', error: { code: 'invalid_request', message } });
      })(request, answer);
    };
    const job = await submit();
    await start();
    expect(await aws.ended(job, 'failed')).toMatchObject({
      attempt: 1,
      error: { code: 'invalid_request', message },
    });
    await aws.emptied();
    expect(await keys(job)).toEqual([KEY.input(job.id)]);
  });
});
