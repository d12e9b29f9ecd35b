import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import {
  AbortMultipartUploadCommand,
  DeleteObjectsCommand,
  ListObjectVersionsCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { DeleteCommand, DynamoDBDocumentClient, GetCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { mockClient } from 'aws-sdk-client-mock';
import { cancelJob, type Dependencies } from '../../../lambda/api/cancel-job';
import type { JobView } from '../../../core/contract/job';
import { JobStore } from '../../../core/jobs/job-store';
import {
  awsError,
  bodyOf,
  conditionFailed,
  ended,
  JOB_ID,
  listed,
  request,
  row,
  TABLE,
} from '../../support/support';

const dynamo = mockClient(DynamoDBDocumentClient);
const s3 = mockClient(S3Client);
const events = mockClient(EventBridgeClient);
const dependencies: Dependencies = {
  store: new JobStore(DynamoDBDocumentClient.from(new DynamoDBClient()), TABLE),
  s3: new S3Client(),
  events: new EventBridgeClient(),
  bucket: 'media',
  path: 'DockerGpu',
};
const cancel = (id = JOB_ID, tenant = 'acme') => cancelJob(request({ id, tenant }), dependencies);

const INPUT = `jobs/${JOB_ID}/input`;
const RESULT = `jobs/${JOB_ID}/results/1/transcript.json`;
const erased = () =>
  s3
    .commandCalls(DeleteObjectsCommand)
    .map(({ args }) => args[0].input.Delete!.Objects!.map(({ Key }) => Key));
const announced = () =>
  events.commandCalls(PutEventsCommand).map(({ args }) => args[0].input.Entries![0]!.DetailType);
const deletedRows = () => dynamo.commandCalls(DeleteCommand).map(({ args }) => args[0].input.Key);

beforeEach(() => {
  dynamo.reset();
  s3.reset();
  events.reset();
  s3.on(ListObjectVersionsCommand).resolves({ Versions: [listed(INPUT), listed(RESULT)] });
  s3.on(DeleteObjectsCommand).resolves({});
  events.on(PutEventsCommand).resolves({ FailedEntryCount: 0 });
});

describe.each(['awaiting_upload', 'queued', 'running'] as const)('a job that is %s', (status) => {
  beforeEach(() => {
    dynamo.on(GetCommand).resolves({ Item: row({ status }) });
    dynamo.on(UpdateCommand).resolves({ Attributes: ended('cancelled') });
  });

  test('is cancelled: objects deleted, row kept, event sent', async () => {
    const response = await cancel();
    expect(response.statusCode).toBe(200);
    expect(bodyOf<JobView>(response)).toMatchObject({ id: JOB_ID, object: 'job', status: 'cancelled' });
    expect(erased()).toEqual([[INPUT, RESULT]]);
    expect(s3.commandCalls(ListObjectVersionsCommand)[0]!.args[0].input).toMatchObject({
      Bucket: 'media',
      Prefix: `jobs/${JOB_ID}/`,
    });
    expect(announced()).toEqual(['Spotscribe Job Cancelled']);
    expect(deletedRows()).toEqual([]);
  });

  test('is cancelled only by its own tenant', async () => {
    await cancel();
    const { input } = dynamo.commandCalls(UpdateCommand)[0]!.args[0];
    expect(input.ConditionExpression).toMatch(/^#tenant = :v0 AND #status IN /);
    expect(input.ExpressionAttributeValues![':v0']).toBe('acme');
  });
});

describe.each(['succeeded', 'failed', 'expired'] as const)('a job that has %s', (status) => {
  test('is deleted with its objects and its row, without an event', async () => {
    dynamo.on(GetCommand).resolves({ Item: ended(status) });
    dynamo.on(UpdateCommand).rejects(conditionFailed());
    dynamo.on(DeleteCommand).resolves({});
    const response = await cancel();
    expect(response.statusCode).toBe(200);
    expect(bodyOf(response)).toEqual({ id: JOB_ID, object: 'job', deleted: true });
    expect(erased()).toEqual([[INPUT, RESULT]]);
    expect(deletedRows()).toEqual([{ id: JOB_ID }]);
    expect(announced()).toEqual([]);
  });
});

describe('a job that is retried', () => {
  const results = { transcription: RESULT };

  test('keeps its input and results if the retry is cancelled', async () => {
    dynamo.on(GetCommand).resolves({ Item: row({ status: 'running', results }) });
    dynamo.on(UpdateCommand).resolves({ Attributes: ended('succeeded', { results }) });
    const response = await cancel();
    expect(bodyOf<JobView>(response)).toMatchObject({ id: JOB_ID, status: 'succeeded' });
    expect([erased(), deletedRows(), announced()]).toEqual([[], [], []]);
  });

  test('is not erased by a request that read it before the retry', async () => {
    dynamo
      .on(GetCommand)
      .resolvesOnce({ Item: ended('succeeded', { results }) })
      .resolves({ Item: row({ status: 'queued', results }) });
    dynamo.on(UpdateCommand).rejects(conditionFailed());
    await expect(cancel()).rejects.toMatchObject({ status: 409, code: 'not_ready' });
    expect([erased(), deletedRows()]).toEqual([[], []]);
  });

  test('is not reported as deleted if it was retried while its objects were erased', async () => {
    const succeeded = { Item: ended('succeeded', { results }) };
    dynamo
      .on(GetCommand)
      .resolvesOnce(succeeded)
      .resolvesOnce(succeeded)
      .resolvesOnce(succeeded)
      .resolves({ Item: row({ status: 'queued', results }) });
    dynamo.on(UpdateCommand).rejects(conditionFailed());
    dynamo.on(DeleteCommand).rejects(conditionFailed());
    await expect(cancel()).rejects.toMatchObject({ status: 409, code: 'not_ready' });
  });
});

describe('a multipart upload', () => {
  const parted = { upload_id: 'upload-1', upload_size: 5 };
  beforeEach(() => {
    dynamo.on(GetCommand).resolves({ Item: row({ status: 'awaiting_upload', upload_size: 5 }) });
    // The upload began since the row was read.
    dynamo.on(UpdateCommand).resolves({ Attributes: ended('cancelled', parted) });
  });

  test('is aborted, so that its parts cause no costs', async () => {
    s3.on(AbortMultipartUploadCommand).resolves({});
    expect((await cancel()).statusCode).toBe(200);
    expect(s3.commandCalls(AbortMultipartUploadCommand).map(({ args }) => args[0].input)).toEqual([
      { Bucket: 'media', Key: INPUT, UploadId: 'upload-1' },
    ]);
  });

  test('may be complete or gone: the audio is deleted as usual', async () => {
    s3.on(AbortMultipartUploadCommand).rejects(awsError('NoSuchUpload'));
    expect((await cancel()).statusCode).toBe(200);
    expect(erased()).toEqual([[INPUT, RESULT]]);
  });
});

test('a row is kept if its objects cannot be deleted, so that the request can be repeated', async () => {
  dynamo.on(GetCommand).resolves({ Item: ended('succeeded') });
  dynamo.on(UpdateCommand).rejects(conditionFailed());
  s3.on(DeleteObjectsCommand).rejects(awsError('SlowDown'));
  await expect(cancel()).rejects.toThrow('SlowDown');
  expect(deletedRows()).toEqual([]);
});

test('the next request sends the event of a job whose cancellation failed halfway', async () => {
  dynamo.on(GetCommand).resolves({ Item: ended('cancelled') });
  dynamo.on(UpdateCommand).rejects(conditionFailed());
  dynamo.on(DeleteCommand).resolves({});
  expect((await cancel()).statusCode).toBe(200);
  expect(announced()).toEqual(['Spotscribe Job Cancelled']);
  expect(deletedRows()).toEqual([{ id: JOB_ID }]);
});

describe('a file under inbox/', () => {
  const KEY = 'inbox/meeting.mp3';
  const inbox = row({ origin: 'inbox', input_key: KEY, input_version: 'v1', input_etag: '"e1"' });
  const versions = () =>
    s3
      .commandCalls(DeleteObjectsCommand)
      .flatMap(({ args }) => args[0].input.Delete!.Objects!.map(({ Key, VersionId }) => [Key, VersionId]));
  /** What S3 has under the file's key. */
  const stored = (...Versions: object[]) =>
    s3.on(ListObjectVersionsCommand, { Prefix: KEY }).resolves({ Versions });
  beforeEach(() => {
    dynamo.on(GetCommand).resolves({ Item: inbox });
    dynamo.on(UpdateCommand).resolves({ Attributes: { ...inbox, status: 'cancelled' } });
    s3.on(ListObjectVersionsCommand).resolves({ Versions: [listed(RESULT)] });
  });

  test('is deleted with its job', async () => {
    stored(listed(KEY));
    await cancel();
    expect(versions()).toEqual([
      [KEY, 'v1'],
      [RESULT, 'v1'],
    ]);
  });

  test('is kept if it is an earlier or later version of the same key', async () => {
    stored(
      listed(KEY, { VersionId: 'v2', ETag: '"e2"' }),
      listed(KEY, { IsLatest: false }),
      listed(KEY, { VersionId: 'v0', ETag: '"e0"', IsLatest: false }),
    );
    await cancel();
    expect(versions()).toEqual([
      [KEY, 'v1'],
      [RESULT, 'v1'],
    ]);
  });

  test.each([
    ['no longer exists', [listed(KEY, { VersionId: 'v2', ETag: '"e2"' })], {}],
    [
      'was replaced in a bucket without versions',
      [listed(KEY, { VersionId: 'null', ETag: '"e2"' })],
      { input_version: undefined },
    ],
  ])('that %s is the only version deleted', async (_, found, change) => {
    const ending = { ...inbox, ...change };
    dynamo.on(GetCommand).resolves({ Item: ending });
    dynamo.on(UpdateCommand).resolves({ Attributes: { ...ending, status: 'cancelled' } });
    stored(...found);
    await cancel();
    expect(versions()).toEqual([[RESULT, 'v1']]);
  });

  test('whose job the previous release queued is deleted in its version of that time', async () => {
    const earlier = row({ origin: 'inbox', input_key: KEY, queued_at: '2026-03-01T11:00:05.000Z' });
    dynamo.on(GetCommand).resolves({ Item: earlier });
    dynamo.on(UpdateCommand).resolves({ Attributes: { ...earlier, status: 'cancelled' } });
    stored(
      listed(KEY, { VersionId: 'v2', LastModified: new Date('2026-03-01T11:10:00.000Z') }),
      listed(KEY, { VersionId: 'null', IsLatest: false }),
    );
    await cancel();
    expect(versions()).toEqual([
      [KEY, 'null'],
      [RESULT, 'v1'],
    ]);
  });
});

test('objects are deleted page by page, with old versions and delete markers', async () => {
  dynamo.on(GetCommand).resolves({ Item: row() });
  dynamo.on(UpdateCommand).resolves({ Attributes: ended('cancelled') });
  s3.on(ListObjectVersionsCommand)
    .resolvesOnce({
      Versions: [listed(INPUT)],
      IsTruncated: true,
      NextKeyMarker: INPUT,
      NextVersionIdMarker: 'v1',
    })
    .resolves({ Versions: [listed(RESULT)], DeleteMarkers: [listed(RESULT, { VersionId: 'v2' })] });
  await cancel();
  expect(erased()).toEqual([[INPUT], [RESULT, RESULT]]);
  expect(s3.commandCalls(ListObjectVersionsCommand)[1]!.args[0].input).toMatchObject({
    KeyMarker: INPUT,
    VersionIdMarker: 'v1',
  });
});

test.each([
  ['another tenant’s job', JOB_ID, { Item: row({ tenant: 'globex' }) }],
  ['a job that does not exist', JOB_ID, {}],
  ['a malformed id', '../job', {}],
])('%s is not found, and nothing is changed', async (_, id, found) => {
  dynamo.on(GetCommand).resolves(found);
  await expect(cancel(id)).rejects.toMatchObject({ status: 404, code: 'not_found' });
  expect(dynamo.commandCalls(UpdateCommand)).toHaveLength(0);
  expect(s3.calls()).toHaveLength(0);
});
