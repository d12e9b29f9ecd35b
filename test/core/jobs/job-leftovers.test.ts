import { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import type { LambdaClient } from '@aws-sdk/client-lambda';
import type { S3Client } from '@aws-sdk/client-s3';
import type { SQSClient } from '@aws-sdk/client-sqs';
import type { SQSEvent } from 'aws-lambda';
import type { JobRow } from '../../../core/contract/job';
import { KEY } from '../../../core/contract/keys';
import { MAX_FAILURES } from '../../../core/contract/limits';
import { JobStore } from '../../../core/jobs/job-store';
import { StoredObjects } from '../../../core/jobs/stored-objects';
import { Endings } from '../../../docker/worker/src/jobs/endings';
import { JobObjects } from '../../../docker/worker/src/jobs/job-objects';
import { JobRunner, type JobRunnerOptions } from '../../../docker/worker/src/jobs/job-runner';
import { createLog } from '../../../docker/worker/src/log';
import { cancelJob } from '../../../lambda/api/cancel-job';
import { buryJobs } from '../../../lambda/intake/bury-job';
import { takeIn } from '../../../lambda/intake/take-in';
import embedding from '../../fixtures/contract/Embedding.json';
import { FakeAws } from '../../support/fake-aws';
import { LocalTable } from '../../support/local-table';
import { MemoryQueue } from '../../support/memory-queue';
import { ObjectServer } from '../../support/object-server';
import { ended, JOB_ID, NOW, quietTools, request, row, TABLE } from '../../support/support';

const INPUT = KEY.input(JOB_ID);
const CHECKPOINT = KEY.checkpoint(JOB_ID);
const SPEAKER = KEY.speaker(JOB_ID, 1);
/** Parts and a result of an interrupted attempt, which no row names. */
const PARTIAL = [KEY.part(JOB_ID, 1, 1, 'flac'), KEY.result(JOB_ID, 1, 'transcript')];
/** Published while another task was still running. */
const PUBLISHED = KEY.result(JOB_ID, 2, 'transcript');
const log = createLog({ write: () => undefined });
const tools = quietTools();
const table = new LocalTable();
const bucket = new ObjectServer();
const aws = new FakeAws();
const running = row({
  ...{
    status: 'running',
    attempt: 2,
    lease_until: NOW.getTime(),
    tasks: { transcription: {}, analysis: {} },
  },
  results: { transcription: PUBLISHED },
});
let store: JobStore;
let s3: S3Client;
let events: EventBridgeClient;

beforeAll(async () => {
  await Promise.all([table.start(), bucket.start(), aws.start()]);
  store = new JobStore(table.client(), TABLE);
  s3 = bucket.client();
  events = new EventBridgeClient(aws.client);
  aws.operations = { PutEvents: () => ({ FailedEntryCount: 0, Entries: [] }) };
});
afterAll(() => Promise.all([table.stop(), bucket.stop(), aws.stop()]));
beforeEach(async () => {
  table.reset();
  bucket.objects.clear();
  put(INPUT, CHECKPOINT, SPEAKER, ...PARTIAL, PUBLISHED);
  await store.create(running);
});

/** Stores objects with something that was said. */
function put(...keys: string[]) {
  for (const key of keys) bucket.objects.set(key, Buffer.from('{"text":"my secret"}'));
}
const left = () => [...bucket.objects.keys()].sort();

const endings = () =>
  new Endings({
    ...{ events, store, path: 'DockerGpu', objects: new JobObjects(s3, 'media', log) },
    machine: { instance_id: 'i-1', instance_type: 'g4dn.xlarge', capacity: 'spot', availability_zone: 'a' },
  });
/** A worker receives the message of the job. */
async function receive() {
  const queue = new MemoryQueue();
  queue.add({ version: 1, job_id: JOB_ID });
  const work = { store, log };
  const options = { work, endings: endings(), visibilitySeconds: 60, stopping: new AbortController().signal };
  await new JobRunner(options as unknown as JobRunnerOptions).handle(queue.next()!);
  expect(queue.next()).toBeUndefined();
}
async function bury() {
  const objects = new StoredObjects(s3, 'media', () => undefined);
  const body = JSON.stringify({ version: 1, job_id: JOB_ID, failures: MAX_FAILURES });
  const letters = { Records: [{ messageId: 'letter', body }] } as unknown as SQSEvent;
  const { batchItemFailures } = await buryJobs(letters, { store, events, objects, path: 'DockerGpu' }, tools);
  expect(batchItemFailures).toEqual([]);
}
const cancel = () =>
  cancelJob(request({ id: JOB_ID }), { store, s3, events, bucket: 'media', path: 'DockerGpu' });

describe('of a job that has ended, only its input and the results that its row names stay', () => {
  const FAILURE = { code: 'bad_audio', message: 'no' } as const;

  test('after it succeeded', async () => {
    await endings().announce(ended('succeeded', { results: { transcription: PUBLISHED } }));
    expect(left()).toEqual([INPUT, PUBLISHED]);
  });

  test('after its worker failed it, with a transcript that was published before', async () => {
    await endings().announce(await store.failHeld(JOB_ID, 2, FAILURE, NOW));
    expect(left()).toEqual([INPUT, PUBLISHED]);
  });

  test('after a worker ended it and was killed, when its message is received again', async () => {
    await store.failHeld(JOB_ID, 2, FAILURE, NOW);
    await receive();
    expect(left()).toEqual([INPUT, PUBLISHED]);
  });

  test('after its message went to the dead-letter queue', async () => {
    await bury();
    expect((await store.get(JOB_ID))?.error?.code).toBe('attempts_exhausted');
    expect(left()).toEqual([INPUT, PUBLISHED]);
  });

  test('with the files of a published result, which it names', async () => {
    const result = KEY.result(JOB_ID, 2, 'embedding');
    const file = KEY.part(JOB_ID, 1, 1, 'parquet');
    put(file);
    bucket.objects.set(result, Buffer.from(JSON.stringify(embedding)));
    await store.publish(JOB_ID, 2, { results: { embedding: result }, degraded: [] }, NOW);
    await bury();
    expect(left()).toEqual([INPUT, file, result]);
  });

  test('but the checkpoint and the recordings of speakers go also if a result cannot be read', async () => {
    const result = KEY.result(JOB_ID, 2, 'embedding');
    await store.publish(JOB_ID, 2, { results: { embedding: result }, degraded: [] }, NOW);
    await bury();
    expect(left()).toEqual([INPUT, ...PARTIAL, PUBLISHED].sort());
  });
});

describe('nothing stays of a job', () => {
  /** What a worker writes that does not know yet that its job has ended. */
  const late = () => put(CHECKPOINT, SPEAKER, ...PARTIAL, PUBLISHED);
  const erase = async () => {
    await cancel();
    await cancel();
    expect(await store.get(JOB_ID)).toBeUndefined();
  };
  const expired: JobRow = ended('expired', { error: { code: 'upload_expired', message: 'no' } });

  test.each([
    ['that was cancelled', cancel],
    ['that was erased', erase],
  ])('%s', async (_, end) => {
    await end();
    expect(left()).toEqual([]);
  });

  test.each([
    ['was cancelled, when its message is received again', cancel, receive],
    ['was cancelled, when its message comes from the dead-letter queue', cancel, bury],
    ['was erased, when its message is received again', erase, receive],
    ['was erased, when its message comes from the dead-letter queue', erase, bury],
  ])('whose worker was killed after it %s', async (_, end, next) => {
    await end();
    late();
    await next();
    expect(left()).toEqual([]);
  });

  test('that expired, when its upload arrives after all', async () => {
    table.reset();
    bucket.objects.clear();
    put(INPUT);
    await store.create(expired);
    const dependencies = {
      ...{ store, s3, events, bucket: 'media', path: 'DockerGpu', maxUploadBytes: 99, maxAudioSeconds: 60 },
      ...{ sqs: {} as SQSClient, lambda: {} as LambdaClient, sizeFleetFunction: '', queueUrl: '' },
      bulkQueueUrl: '',
    };
    await takeIn(JOB_ID, { key: INPUT, size: 20 }, dependencies, tools);
    expect(left()).toEqual([]);
  });
});
