import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { DeleteObjectsCommand, ListObjectVersionsCommand, S3Client } from '@aws-sdk/client-s3';
import { SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { DynamoDBDocumentClient, GetCommand, QueryCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { mockClient } from 'aws-sdk-client-mock';
import type { JobRow } from '../../../core/contract/job';
import { JobStore } from '../../../core/jobs/job-store';
import { type Dependencies, sweepJobs } from '../../../lambda/intake/sweep-jobs';
import {
  awsError,
  conditionFailed,
  ended,
  freezeTime,
  JOB_ID,
  listed,
  NOW_SECONDS,
  quietTools,
  row,
  TABLE,
} from '../../support/support';

const dynamo = mockClient(DynamoDBDocumentClient);
const sqs = mockClient(SQSClient);
const lambda = mockClient(LambdaClient);
const s3 = mockClient(S3Client);
const events = mockClient(EventBridgeClient);
const mocks = [dynamo, sqs, lambda, s3, events];
const dependencies: Dependencies = {
  store: new JobStore(DynamoDBDocumentClient.from(new DynamoDBClient()), TABLE),
  sqs: new SQSClient(),
  lambda: new LambdaClient(),
  s3: new S3Client(),
  events: new EventBridgeClient(),
  queueUrl: 'http://localhost:1/queue',
  bulkQueueUrl: 'http://localhost:1/bulk',
  sizeFleetFunction: 'size-fleet',
  bucket: 'media',
  path: 'DockerGpu',
  maxUploadBytes: 1000,
  maxAudioSeconds: 36_000,
};
const tools = quietTools();
const metric = jest.spyOn(tools.metrics, 'addMetric');
const sweep = () => sweepJobs({}, dependencies, tools);

const due = (...rows: JobRow[]) => dynamo.on(QueryCommand).resolves({ Items: rows });
const messages = () => sqs.commandCalls(SendMessageCommand).map(({ args }) => args[0].input.MessageBody);
const message = (id = JOB_ID) => JSON.stringify({ version: 1, job_id: id });
const updates = () => dynamo.commandCalls(UpdateCommand).map(({ args }) => args[0].input);
const awaiting = row({ status: 'awaiting_upload', sweep_at: NOW_SECONDS - 1 });
const other = row({ id: JOB_ID.replace('0', 'f') });

beforeEach(() => {
  freezeTime();
  for (const mock of mocks) mock.reset();
  metric.mockClear();
  sqs.on(SendMessageCommand).resolves({});
  lambda.on(InvokeCommand).resolves({});
  s3.on(ListObjectVersionsCommand).resolves({});
  events.on(PutEventsCommand).resolves({ FailedEntryCount: 0 });
  dynamo.on(UpdateCommand).resolves({ Attributes: row() });
  dynamo.on(GetCommand).resolves({ Item: awaiting });
});
afterEach(() => jest.useRealTimers());

test('does nothing if nothing is due', async () => {
  due();
  await sweep();
  expect(messages()).toEqual([]);
  expect(lambda.calls()).toHaveLength(0);
});

test('requeues a job whose message was lost, and wakes the fleet once', async () => {
  due(row(), other);
  await sweep();
  expect(messages()).toEqual([message(), message(other.id)]);
  expect(lambda.commandCalls(InvokeCommand)).toHaveLength(1);
  expect(metric).toHaveBeenCalledWith('JobsRequeued', 'Count', 2);
});

test('requeues jobs in the queues of their priorities and the groups of their tenants', async () => {
  due(row({ priority: 'bulk', tenant: 'globex' }), other);
  await sweep();
  expect(sqs.commandCalls(SendMessageCommand).map(({ args }) => args[0].input)).toMatchObject([
    { QueueUrl: dependencies.bulkQueueUrl, MessageGroupId: 'globex' },
    { QueueUrl: dependencies.queueUrl, MessageGroupId: other.tenant },
  ]);
});

test('requeues a job whose worker was lost, and checks it again only much later', async () => {
  due(row({ status: 'running', attempt: 1, lease_until: (NOW_SECONDS - 900) * 1000 }));
  await sweep();
  expect(messages()).toEqual([message()]);
  const [put] = updates();
  expect(put!.ConditionExpression).toContain('#status IN (:v0, :v1)');
  expect(Object.values(put!.ExpressionAttributeValues!)).toEqual(
    expect.arrayContaining(['queued', 'running', NOW_SECONDS + 6 * 3600]),
  );
});

test('queues an upload whose event was lost', async () => {
  due(awaiting);
  s3.on(ListObjectVersionsCommand).resolves({ Versions: [listed(awaiting.input_key)] });
  await sweep();
  expect(s3.commandCalls(ListObjectVersionsCommand)[0]!.args[0].input).toEqual({
    Bucket: 'media',
    Prefix: awaiting.input_key,
    EncodingType: 'url',
  });
  expect(Object.values(updates()[0]!.ExpressionAttributeValues!)).toEqual(
    expect.arrayContaining(['queued', 'v1', '"e1"']),
  );
  expect(messages()).toEqual([message()]);
});

test('erases the recordings of known speakers of a job that expires', async () => {
  const speaker = `jobs/${JOB_ID}/speakers/1`;
  const expired = ended('expired', { speaker_recordings: [speaker] });
  due(awaiting);
  s3.on(ListObjectVersionsCommand, { Prefix: awaiting.input_key }).resolves({});
  s3.on(ListObjectVersionsCommand, { Prefix: `jobs/${JOB_ID}/` }).resolves({ Versions: [listed(speaker)] });
  s3.on(DeleteObjectsCommand).resolves({});
  dynamo.on(UpdateCommand).resolves({ Attributes: expired });
  await sweep();
  expect(s3.commandCalls(DeleteObjectsCommand).map(({ args }) => args[0].input.Delete?.Objects)).toEqual([
    [{ Key: speaker, VersionId: 'v1' }],
  ]);
});

test('does not change an upload that was queued in the meantime', async () => {
  due(awaiting);
  s3.on(ListObjectVersionsCommand).resolves({ Versions: [listed(awaiting.input_key)] });
  dynamo.on(UpdateCommand).rejects(conditionFailed());
  dynamo.on(GetCommand).resolves({ Item: row({ status: 'running', input_version: 'v1' }) });
  await sweep();
  expect(messages()).toEqual([]);
});

test('queues the first of two uploads whose events were lost', async () => {
  due(awaiting);
  const key = awaiting.input_key;
  s3.on(ListObjectVersionsCommand).resolves({
    Versions: [listed(key, { VersionId: 'v2' }), listed(key, { IsLatest: false })],
  });
  await sweep();
  expect(Object.values(updates()[0]!.ExpressionAttributeValues!)).toContain('v1');
});

test.each([
  { Size: 0, code: 'bad_audio' },
  { Size: 1001, code: 'upload_too_large' },
] as const)('fails an upload of $Size bytes whose event was lost, and erases it', async ({ Size, code }) => {
  const error = { code, message: 'no' };
  due(awaiting);
  dynamo.on(GetCommand).resolves({ Item: awaiting });
  s3.on(ListObjectVersionsCommand).resolves({ Versions: [listed(awaiting.input_key, { Size })] });
  s3.on(DeleteObjectsCommand).resolves({});
  dynamo.on(UpdateCommand).resolves({ Attributes: ended('failed', { error }) });
  await sweep();
  expect(Object.values(updates()[0]!.ExpressionAttributeValues!)).toContainEqual(
    expect.objectContaining({ code }),
  );
  expect(s3.commandCalls(DeleteObjectsCommand)[0]!.args[0].input.Delete!.Objects).toEqual([
    { Key: awaiting.input_key, VersionId: 'v1' },
  ]);
  expect(events.commandCalls(PutEventsCommand)).toHaveLength(1);
  expect(messages()).toEqual([]);
});

test.each([
  ['nothing came', {}],
  ['only another key with the same prefix exists', { Versions: [listed(`${awaiting.input_key}.part`)] }],
  [
    'the audio was deleted',
    {
      Versions: [listed(awaiting.input_key, { IsLatest: false })],
      DeleteMarkers: [listed(awaiting.input_key, { VersionId: 'v2' })],
    },
  ],
])('expires an upload of which %s, and sends the event', async (_, found) => {
  const error = { code: 'upload_expired', message: 'The upload did not arrive in time' } as const;
  due(awaiting);
  s3.on(ListObjectVersionsCommand).resolves(found);
  dynamo.on(UpdateCommand).resolves({ Attributes: ended('expired', { error }) });
  await sweep();
  expect(Object.values(updates()[0]!.ExpressionAttributeValues!)).toEqual(
    expect.arrayContaining(['expired', error]),
  );
  const [entry] = events.commandCalls(PutEventsCommand)[0]!.args[0].input.Entries!;
  expect(entry!.DetailType).toBe('Spotscribe Job Expired');
  expect(JSON.parse(entry!.Detail!)).toMatchObject({ job_id: JOB_ID, status: 'expired', error });
  expect(messages()).toEqual([]);
  expect(lambda.calls()).toHaveLength(0);
  expect(metric).toHaveBeenCalledWith('JobsExpired', 'Count', 1);
});

test('sends no event for an upload that arrived at the last moment', async () => {
  due(awaiting);
  dynamo.on(UpdateCommand).rejects(conditionFailed());
  await sweep();
  expect(events.calls()).toHaveLength(0);
});

test('does not expire an upload if S3 does not respond', async () => {
  due(awaiting);
  s3.on(ListObjectVersionsCommand).rejects(awsError('SlowDown'));
  await expect(sweep()).rejects.toThrow('1 of 1 jobs could not be swept');
  expect(updates()).toEqual([]);
});

test('sweeps the other jobs if one fails, and still fails for the alarm', async () => {
  due(row(), other);
  sqs.on(SendMessageCommand, { MessageBody: message() }).rejects(awsError('ServiceUnavailable'));
  await expect(sweep()).rejects.toThrow('1 of 2 jobs could not be swept');
  expect(messages()).toContain(message(other.id));
  expect(lambda.commandCalls(InvokeCommand)).toHaveLength(1);
});
