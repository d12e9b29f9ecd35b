import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import {
  CompleteMultipartUploadCommand,
  ListObjectVersionsCommand,
  ListPartsCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { DynamoDBDocumentClient, GetCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { mockClient } from 'aws-sdk-client-mock';
import { completeUpload, type Dependencies } from '../../../lambda/api/complete-upload';
import type { JobRow } from '../../../core/contract/job';
import { httpHandler } from '../../../lambda/frame/http';
import { JobStore } from '../../../core/jobs/job-store';
import {
  awsError,
  bodyOf,
  conditionFailed,
  ended,
  errorOf,
  JOB_ID,
  lambdaContext,
  listed,
  request,
  row,
  silenceConsole,
  TABLE,
} from '../../support/support';

const MIB = 2 ** 20;
const INPUT = `jobs/${JOB_ID}/input`;
const dynamo = mockClient(DynamoDBDocumentClient);
const s3 = mockClient(S3Client);
const dependencies: Dependencies = {
  store: new JobStore(DynamoDBDocumentClient.from(new DynamoDBClient()), TABLE),
  s3: new S3Client(),
  bucket: 'media',
};
const handler = httpHandler(() => dependencies, completeUpload);

const parts = [
  { number: 1, etag: '"e1"' },
  { number: 2, etag: '"e2"' },
];
const complete = (body: unknown = { parts }, tenant = 'acme') =>
  handler(request({ body: JSON.stringify(body), id: JOB_ID, tenant }), lambdaContext);
const parted: Partial<JobRow> = { upload_id: 'upload-1', upload_size: 8 * MIB + 5 };
const awaiting = row({ status: 'awaiting_upload', ...parted });
const completions = () => s3.commandCalls(CompleteMultipartUploadCommand).map(({ args }) => args[0].input);

beforeEach(() => {
  silenceConsole();
  dynamo.reset();
  s3.reset();
  dynamo.on(GetCommand).resolves({ Item: awaiting });
  dynamo.on(UpdateCommand).resolves({ Attributes: awaiting });
  s3.on(ListPartsCommand).resolves({
    Parts: [
      { PartNumber: 1, ETag: '"e1"', Size: 8 * MIB },
      { PartNumber: 2, ETag: '"e2"', Size: 5 },
    ],
  });
  s3.on(CompleteMultipartUploadCommand).resolves({ VersionId: 'v1', ETag: '"whole-2"' });
  s3.on(ListObjectVersionsCommand).resolves({});
});
afterEach(() => jest.restoreAllMocks());

test('completes the upload, whose event queues the job', async () => {
  const response = await complete();
  expect(response.statusCode).toBe(200);
  expect(bodyOf(response)).toMatchObject({ id: JOB_ID, object: 'job', status: 'awaiting_upload' });
  expect(completions()).toEqual([
    {
      Bucket: 'media',
      Key: INPUT,
      UploadId: 'upload-1',
      MultipartUpload: {
        Parts: [
          { PartNumber: 1, ETag: '"e1"' },
          { PartNumber: 2, ETag: '"e2"' },
        ],
      },
    },
  ]);
});

test('has the sweeper look for the audio soon, in case its event is lost', async () => {
  await complete();
  const { input } = dynamo.commandCalls(UpdateCommand)[0]!.args[0];
  expect(input).toMatchObject({ ConditionExpression: '#status = :v0' });
  expect(input.UpdateExpression).toMatch(/^SET #sweep_at = :v1, #updated_at = :v2$/);
});

test('accepts that the audio’s event has already queued the job', async () => {
  dynamo.on(UpdateCommand).rejects(conditionFailed());
  dynamo
    .on(GetCommand)
    .resolvesOnce({ Item: awaiting })
    .resolves({ Item: { ...awaiting, status: 'running' } });
  expect(bodyOf(await complete())).toMatchObject({ status: 'running' });
});

describe('repeated after a success, it returns the job', () => {
  test.each(['queued', 'running', 'succeeded', 'failed'] as const)('if the job is %s', async (status) => {
    dynamo.on(GetCommand).resolves({ Item: row({ ...parted, status }) });
    const response = await complete();
    expect(response.statusCode).toBe(200);
    expect(bodyOf(response)).toMatchObject({ status });
    expect(s3.calls()).toHaveLength(0);
  });

  test.each([ListPartsCommand, CompleteMultipartUploadCommand])(
    'if the job was not queued yet (%p finds no upload)',
    async (command) => {
      s3.on(command).rejects(awsError('NoSuchUpload'));
      s3.on(ListObjectVersionsCommand, { Bucket: 'media', Prefix: INPUT }).resolves({
        Versions: [listed(INPUT)],
      });
      const response = await complete();
      expect(response.statusCode).toBe(200);
      expect(bodyOf(response)).toMatchObject({ status: 'awaiting_upload' });
    },
  );
});

describe('an aborted upload', () => {
  test('is refused, although the job still awaits its audio', async () => {
    s3.on(ListPartsCommand).rejects(awsError('NoSuchUpload'));
    const response = await complete();
    expect(response.statusCode).toBe(409);
    expect(errorOf(response)).toMatchObject({ code: 'upload_expired' });
    expect(dynamo.commandCalls(UpdateCommand)).toHaveLength(0);
  });

  test.each(['cancelled', 'expired'] as const)('is refused with its job, which is %s', async (status) => {
    dynamo.on(GetCommand).resolves({ Item: ended(status, parted) });
    const response = await complete();
    expect(response.statusCode).toBe(409);
    expect(errorOf(response)).toMatchObject({
      code: 'upload_expired',
      message: expect.stringContaining(`the job is ${status}`),
    });
    expect(s3.calls()).toHaveLength(0);
  });
});

describe('it is refused, and nothing is completed,', () => {
  test('while a part has not arrived', async () => {
    s3.on(ListPartsCommand).resolves({ Parts: [{ PartNumber: 1, ETag: '"e1"', Size: 8 * MIB }] });
    const response = await complete();
    expect(response.statusCode).toBe(409);
    expect(errorOf(response)).toMatchObject({ code: 'not_ready', param: 'parts' });
    expect(completions()).toEqual([]);
  });

  test('if the parts do not have the declared size', async () => {
    s3.on(ListPartsCommand).resolves({
      Parts: [
        { PartNumber: 1, ETag: '"e1"', Size: 8 * MIB },
        { PartNumber: 2, ETag: '"e2"', Size: 6 },
      ],
    });
    expect((await complete()).statusCode).toBe(409);
    expect(completions()).toEqual([]);
  });

  test.each([
    ['another part’s ETag', { parts: [parts[0], { number: 2, etag: '"other"' }] }, 'parts'],
    ['no parts', { parts: [] }, 'parts'],
    ['no body', undefined, 'parts'],
    ['a part without its ETag', { parts: [{ number: 1 }] }, 'parts.0.etag'],
    ['a part of no number', { parts: [{ number: 0, etag: 'x' }] }, 'parts.0.number'],
    ['an unknown field', { parts, size: 5 }, 'size'],
  ])('with %s', async (_, body, param) => {
    const response = await complete(body ?? {});
    expect(response.statusCode).toBe(400);
    expect(errorOf(response)).toMatchObject({ code: 'invalid_request', param });
    expect(completions()).toEqual([]);
  });

  test('if a part was uploaded again after the parts were listed', async () => {
    s3.on(CompleteMultipartUploadCommand).rejects(awsError('InvalidPart'));
    const response = await complete();
    expect(response.statusCode).toBe(409);
    expect(errorOf(response)).toMatchObject({ code: 'not_ready' });
    expect(dynamo.commandCalls(UpdateCommand)).toHaveLength(0);
  });

  test('for a job without a multipart upload', async () => {
    dynamo.on(GetCommand).resolves({ Item: row({ status: 'awaiting_upload' }) });
    const response = await complete();
    expect(response.statusCode).toBe(409);
    expect(errorOf(response)).toMatchObject({ code: 'invalid_request' });
  });

  test('for another tenant’s job, as for an unknown one', async () => {
    const response = await complete({ parts }, 'globex');
    expect(response.statusCode).toBe(404);
    expect(s3.calls()).toHaveLength(0);
  });
});

test('asks for a retry if S3 is overloaded', async () => {
  s3.on(CompleteMultipartUploadCommand).rejects(awsError('SlowDown'));
  expect(await complete()).toMatchObject({ statusCode: 503, headers: { 'retry-after': '2' } });
});

test('starts no work for a used-up quota, but returns a job that has already started', async () => {
  const spent = () =>
    handler(request({ body: JSON.stringify({ parts }), id: JOB_ID, quota: 60 }), lambdaContext);
  dynamo.on(GetCommand).callsFake(({ Key }: { Key: { id: string } }) => ({
    Item: Key.id === JOB_ID ? awaiting : { seconds: 60 },
  }));
  const refused = await spent();
  expect(refused.statusCode).toBe(429);
  expect(errorOf(refused).code).toBe('quota_exceeded');
  expect(s3.calls()).toHaveLength(0);
  dynamo.on(GetCommand, { Key: { id: JOB_ID } }).resolves({ Item: { ...awaiting, status: 'running' } });
  expect(bodyOf(await spent())).toMatchObject({ status: 'running' });
});
