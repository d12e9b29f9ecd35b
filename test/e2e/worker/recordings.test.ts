import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DeleteObjectCommand } from '@aws-sdk/client-s3';
import type { JobRow } from '../../../core/contract/job';
import { KEY } from '../../../core/contract/keys';
import { hearing, ModelServer, type Script, until } from '../../support/model-server';
import { eachTest } from './each-test';
import { RunningWorkers } from './running-worker';
import type { WorkerAws } from './worker-aws';

const VISIBILITY = 3;
jest.setTimeout(60_000);

let aws: WorkerAws;
let model: ModelServer;
/** What lay in the shared folder each time that the model was asked. */
let heard: string[];
const workers = new RunningWorkers();

eachTest(VISIBILITY, workers, async (started) => {
  aws = started;
  heard = [];
  model = await ModelServer.start(listening(hearing(60, 1)));
  return [model];
});

const listening =
  (script: Script): Script =>
  (request, answer) => {
    heard.push(readFileSync(join(workers.folders.at(-1)!, request.path), 'utf8'));
    return script(request, answer);
  };
const start = () => workers.start(aws, { whisper: model }, VISIBILITY);
const row = (job: JobRow) => aws.row(job);
const ended = (job: JobRow, as?: JobRow['status']) => aws.ended(job, as);

/** A job as the previous release left it: its row names no version. */
async function earlierJob(): Promise<JobRow> {
  const { input_version, input_etag, ...earlier } = await aws.job();
  expect([input_version, input_etag]).toEqual([expect.any(String), expect.any(String)]);
  const id = earlier.id.replace(/^job_./, earlier.id.startsWith('job_0') ? 'job_1' : 'job_0');
  const job = { ...earlier, id, queued_at: new Date(Date.now() + 2000).toISOString() };
  await aws.store.create(job);
  return job;
}

describe('a job', () => {
  it('hears its own recording, whatever was uploaded to its key later', async () => {
    const job = await aws.job();
    await aws.put(job.input_key, 'other sound');
    await start();
    await aws.sendJob(job);
    await ended(job);
    expect(heard).toEqual(['sound']);
  });

  it('hears the same recording after an interruption', async () => {
    model.script = listening(hearing(600, 100));
    const job = await aws.job();
    const first = await start();
    await aws.sendJob(job);
    await until(() => heard.length === 1, 'the first attempt');
    await aws.put(job.input_key, 'other sound');
    await workers.stop(first);
    model.script = listening(hearing(60, 1));
    await start();
    await ended(job);
    expect(heard).toEqual(['sound', 'sound']);
  });

  it.each([
    ['erased', true],
    ['deleted', false],
  ])('fails for good if its recording was %s, and hears no other', async (_, byVersion) => {
    const job = await aws.job();
    const VersionId = byVersion ? job.input_version : undefined;
    if (byVersion) await aws.put(job.input_key, 'other sound');
    await aws.mine().s3.send(new DeleteObjectCommand({ Bucket: aws.bucket, Key: job.input_key, VersionId }));
    await start();
    await aws.sendJob(job);
    await ended(job, 'failed');
    expect(await row(job)).toMatchObject({ attempt: 1, error: { code: 'source_not_found' } });
    expect(heard).toEqual([]);
  });

  it('queued by the previous release hears what was there when it was queued', async () => {
    const job = await earlierJob();
    await start();
    await aws.sendJob(job);
    await ended(job);
    expect(heard).toEqual(['sound']);
  });

  it('leaves no old versions of its checkpoints behind', async () => {
    model.script = listening(hearing(60, 50));
    const job = await aws.job();
    await start();
    await aws.sendJob(job);
    await ended(job);
    await until(async () => (await aws.depth()).inFlight === 0, 'its message is deleted');
    expect((await aws.versions(KEY.job(job.id))).map(({ key }) => key)).toEqual([
      KEY.input(job.id),
      KEY.result(job.id, 1, 'transcript'),
    ]);
  });
});
