import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import {
  AbortMultipartUploadCommand,
  DeleteObjectsCommand,
  ListObjectsV2Command,
  S3Client,
} from '@aws-sdk/client-s3';
import { DeleteCommand, DynamoDBDocumentClient, GetCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { mockClient } from 'aws-sdk-client-mock';
import { cancelJob, type Dependencies } from '../../lambda/cancel-job';
import type { JobView } from '../../lambda/contract';
import { JobStore } from '../../lambda/job-store';
import { awsError, bodyOf, conditionFailed, ended, JOB_ID, request, row, TABLE } from './support';

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
  s3.on(ListObjectsV2Command).resolves({ Contents: [{ Key: INPUT }, { Key: RESULT }] });
  s3.on(DeleteObjectsCommand).resolves({});
  events.on(PutEventsCommand).resolves({ FailedEntryCount: 0 });
});

describe.each(['awaiting_upload', 'queued', 'running'] as const)('a job that is %s', (status) => {
  beforeEach(() => {
    dynamo.on(GetCommand).resolves({ Item: row({ status }) });
    dynamo.on(UpdateCommand).resolves({ Attributes: ended('cancelled') });
  });

  test('is cancelled, its objects erased, its row kept, its end announced', async () => {
    const response = await cancel();
    expect(response.statusCode).toBe(200);
    expect(bodyOf<JobView>(response)).toMatchObject({ id: JOB_ID, object: 'job', status: 'cancelled' });
    expect(erased()).toEqual([[INPUT, RESULT]]);
    expect(s3.commandCalls(ListObjectsV2Command)[0]!.args[0].input).toMatchObject({
      Bucket: 'media',
      Prefix: `jobs/${JOB_ID}/`,
    });
    expect(announced()).toEqual(['Spotscribe Job Cancelled']);
    expect(deletedRows()).toEqual([]);
  });

  test('is cancelled only as the caller’s own', async () => {
    await cancel();
    const { input } = dynamo.commandCalls(UpdateCommand)[0]!.args[0];
    expect(input.ConditionExpression).toMatch(/^#tenant = :v0 AND #status IN /);
    expect(input.ExpressionAttributeValues![':v0']).toBe('acme');
  });
});

describe.each(['succeeded', 'failed', 'expired'] as const)('a job that has %s', (status) => {
  test('is erased with its objects and its row, without an event', async () => {
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

describe('an upload in parts', () => {
  const parted = { upload_id: 'upload-1', upload_size: 5 };
  beforeEach(() => {
    dynamo.on(GetCommand).resolves({ Item: row({ status: 'awaiting_upload', upload_size: 5 }) });
    // The upload began since the row was read.
    dynamo.on(UpdateCommand).resolves({ Attributes: ended('cancelled', parted) });
  });

  test('is given up, so that its parts are not kept and paid for', async () => {
    s3.on(AbortMultipartUploadCommand).resolves({});
    expect((await cancel()).statusCode).toBe(200);
    expect(s3.commandCalls(AbortMultipartUploadCommand).map(({ args }) => args[0].input)).toEqual([
      { Bucket: 'media', Key: INPUT, UploadId: 'upload-1' },
    ]);
  });

  test('may be complete or gone: the audio is erased as any other', async () => {
    s3.on(AbortMultipartUploadCommand).rejects(awsError('NoSuchUpload'));
    expect((await cancel()).statusCode).toBe(200);
    expect(erased()).toEqual([[INPUT, RESULT]]);
  });
});

test('a row outlives objects that could not be erased, so that the request can be repeated', async () => {
  dynamo.on(GetCommand).resolves({ Item: ended('succeeded') });
  dynamo.on(UpdateCommand).rejects(conditionFailed());
  s3.on(DeleteObjectsCommand).rejects(awsError('SlowDown'));
  await expect(cancel()).rejects.toThrow('SlowDown');
  expect(deletedRows()).toEqual([]);
});

test('a job cancelled by a request that failed halfway is announced by the next', async () => {
  dynamo.on(GetCommand).resolves({ Item: ended('cancelled') });
  dynamo.on(UpdateCommand).rejects(conditionFailed());
  dynamo.on(DeleteCommand).resolves({});
  expect((await cancel()).statusCode).toBe(200);
  expect(announced()).toEqual(['Spotscribe Job Cancelled']);
  expect(deletedRows()).toEqual([{ id: JOB_ID }]);
});

test('a file under inbox/ is erased with its job', async () => {
  const inbox = row({ origin: 'inbox', input_key: 'inbox/meeting.mp3' });
  dynamo.on(GetCommand).resolves({ Item: inbox });
  dynamo.on(UpdateCommand).resolves({ Attributes: { ...inbox, status: 'cancelled' } });
  s3.on(ListObjectsV2Command).resolves({ Contents: [{ Key: RESULT }] });
  await cancel();
  expect(erased()).toEqual([['inbox/meeting.mp3'], [RESULT]]);
});

test('objects are erased page by page', async () => {
  dynamo.on(GetCommand).resolves({ Item: row() });
  dynamo.on(UpdateCommand).resolves({ Attributes: ended('cancelled') });
  s3.on(ListObjectsV2Command)
    .resolvesOnce({ Contents: [{ Key: INPUT }], IsTruncated: true, NextContinuationToken: 'more' })
    .resolves({ Contents: [{ Key: RESULT }] });
  await cancel();
  expect(erased()).toEqual([[INPUT], [RESULT]]);
  expect(s3.commandCalls(ListObjectsV2Command)[1]!.args[0].input.ContinuationToken).toBe('more');
});

test.each([
  ['another tenant’s job', JOB_ID, { Item: row({ tenant: 'globex' }) }],
  ['a job that does not exist', JOB_ID, {}],
  ['an id that is none', '../job', {}],
])('%s is not found, and nothing is touched', async (_, id, found) => {
  dynamo.on(GetCommand).resolves(found);
  await expect(cancel(id)).rejects.toMatchObject({ status: 404, code: 'not_found' });
  expect(dynamo.commandCalls(UpdateCommand)).toHaveLength(0);
  expect(s3.calls()).toHaveLength(0);
});
