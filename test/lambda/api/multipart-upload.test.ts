import { DynamoDBClient, TransactionCanceledException } from '@aws-sdk/client-dynamodb';
import {
  AbortMultipartUploadCommand,
  CreateMultipartUploadCommand,
  ListPartsCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import {
  DynamoDBDocumentClient,
  GetCommand,
  PutCommand,
  TransactWriteCommand,
  UpdateCommand,
} from '@aws-sdk/lib-dynamodb';
import { mockClient } from 'aws-sdk-client-mock';
import type { IdempotencyRow, JobRow } from '../../../core/contract/job';
import type { SubmitJobResponse } from '../../../core/contract/api';
import { httpHandler } from '../../../lambda/frame/http';
import { JobStore } from '../../../core/jobs/job-store';
import { s3Client } from '../../../lambda/frame/s3-client';
import { type Dependencies, submitJob } from '../../../lambda/api/submit-job';
import {
  awsError,
  bodyOf,
  conditionFailed,
  errorOf,
  freezeTime,
  lambdaContext,
  NOW_SECONDS,
  request,
  silenceConsole,
  TABLE,
} from '../../support/support';

const MIB = 2 ** 20;
const SIZE = 20 * MIB;
const dynamo = mockClient(DynamoDBDocumentClient);
const s3 = mockClient(S3Client);
const dependencies: Dependencies = {
  store: new JobStore(DynamoDBDocumentClient.from(new DynamoDBClient()), TABLE),
  voices: { list: async () => [] },
  s3: s3Client(),
  bucket: 'media',
  maxUploadBytes: 5 * 2 ** 30,
  deployed: { transcription: {} },
  uploadExpirySeconds: 900,
  retentionDays: 7,
};
const handler = httpHandler(() => dependencies, submitJob);
const post = (body: unknown = { size: SIZE, multipart: true }, headers?: Record<string, string>) =>
  handler(request({ body: JSON.stringify(body), headers }), lambdaContext);
const uploadOf = (response: Parameters<typeof bodyOf>[0]) =>
  bodyOf<SubmitJobResponse>(response).multipart_upload;
const aborted = () => s3.commandCalls(AbortMultipartUploadCommand).map(({ args }) => args[0].input.UploadId);

/** Makes the table answer an update with the stored row and this change. */
const updatedWith = (change: Partial<JobRow>) =>
  dynamo.on(UpdateCommand).callsFake(() => ({
    Attributes: { ...dynamo.commandCalls(PutCommand)[0]!.args[0].input.Item, ...change },
  }));

beforeEach(() => {
  freezeTime();
  silenceConsole();
  dynamo.reset();
  s3.reset();
  dynamo.on(PutCommand).resolves({});
  updatedWith({ upload_id: 'upload-1' });
  s3.on(CreateMultipartUploadCommand).resolves({ UploadId: 'upload-1' });
  s3.on(AbortMultipartUploadCommand).resolves({});
  s3.on(ListPartsCommand).resolves({ Parts: [] });
});
afterEach(() => {
  jest.useRealTimers();
  jest.restoreAllMocks();
});

describe('a job with a multipart upload', () => {
  test('gets a URL for each part, and the path that completes the upload', async () => {
    const response = await post();
    expect(response.statusCode).toBe(201);
    const { id } = bodyOf<SubmitJobResponse>(response);
    expect(bodyOf(response)).not.toHaveProperty('upload');
    const { parts, ...upload } = uploadOf(response)!;
    expect(upload).toEqual({
      part_size: 8 * MIB,
      complete: `/v1/jobs/${id}/upload`,
      expires_at: '2026-03-01T12:15:00.000Z',
    });
    expect(parts.map(({ number, etag }) => [number, etag])).toEqual([
      [1, undefined],
      [2, undefined],
      [3, undefined],
    ]);
    for (const { number, url } of parts) {
      const { pathname, searchParams } = new URL(url);
      expect(pathname).toBe(`/jobs/${id}/input`);
      expect(searchParams.get('partNumber')).toBe(String(number));
      expect(searchParams.get('uploadId')).toBe('upload-1');
      expect(searchParams.get('X-Amz-Expires')).toBe('900');
      // Holds for a part of its own size alone.
      expect(searchParams.get('X-Amz-SignedHeaders')).toBe('content-length;host');
      expect([...searchParams.keys()].filter((name) => /checksum|sdk/i.test(name))).toEqual([]);
    }
  });

  test('stores the upload’s id and size in a row that is created before the upload', async () => {
    s3.on(CreateMultipartUploadCommand).callsFake(() => {
      expect(dynamo.commandCalls(PutCommand)).toHaveLength(1);
      return { UploadId: 'upload-1' };
    });
    const { id } = bodyOf<SubmitJobResponse>(await post());
    expect(dynamo.commandCalls(PutCommand)[0]!.args[0].input.Item).toMatchObject({ upload_size: SIZE });
    expect(s3.commandCalls(CreateMultipartUploadCommand)[0]!.args[0].input).toEqual({
      Bucket: 'media',
      Key: `jobs/${id}/input`,
    });
    const { input } = dynamo.commandCalls(UpdateCommand)[0]!.args[0];
    expect(input.ConditionExpression).toBe('#status = :v0');
    expect(input.UpdateExpression).toContain('#upload_id = if_not_exists(#upload_id, ');
    expect(Object.values(input.ExpressionAttributeValues!)).toContain('upload-1');
  });

  test('has an answer far below Lambda’s limit of 6 MB, even for the largest upload', async () => {
    const response = await post({ size: 5 * 2 ** 30, multipart: true });
    expect(uploadOf(response)!.parts).toHaveLength(200);
    expect(response.body!.length).toBeLessThan(400_000);
  });

  test('shows nothing of the upload in its view', async () => {
    expect(bodyOf(await post())).not.toHaveProperty('upload_id');
  });

  test('aborts a second, concurrent upload', async () => {
    updatedWith({ upload_id: 'upload-0' });
    const [first] = uploadOf(await post())!.parts;
    expect(new URL(first!.url).searchParams.get('uploadId')).toBe('upload-0');
    expect(aborted()).toEqual(['upload-1']);
  });

  test('aborts the upload of a job that was cancelled in the meantime, and returns no URL', async () => {
    dynamo.on(UpdateCommand).rejects(conditionFailed());
    const response = await post();
    expect(uploadOf(response)).toBeUndefined();
    expect(aborted()).toEqual(['upload-1']);
  });

  test('must declare its size', async () => {
    const response = await post({ multipart: true });
    expect(response.statusCode).toBe(400);
    expect(errorOf(response)).toMatchObject({ code: 'invalid_request', param: 'size' });
    expect(dynamo.calls()).toHaveLength(0);
  });

  test('is only requested by "multipart": true', async () => {
    expect(errorOf(await post({ size: 1, multipart: 'yes' }))).toMatchObject({ param: 'multipart' });
    const whole = bodyOf<SubmitJobResponse>(await post({ size: SIZE, multipart: false }));
    expect(whole.upload).toMatchObject({ method: 'PUT' });
    expect(s3.calls()).toHaveLength(0);
  });
});

describe('the same request again', () => {
  const body = { name: 'long.wav', size: SIZE, multipart: true };
  const repeat = (content: unknown = body) => post(content, { 'idempotency-key': 'k' });

  /** Makes a job with the key, and has the table remember it with the upload's id. */
  async function made(): Promise<JobRow> {
    dynamo.on(TransactWriteCommand).resolves({});
    const items = () => dynamo.commandCalls(TransactWriteCommand)[0]!.args[0].input.TransactItems!;
    dynamo
      .on(UpdateCommand)
      .callsFake(() => ({ Attributes: { ...items()[1]!.Put!.Item, upload_id: 'upload-1' } }));
    await repeat();
    const [idempotency, job] = items().map(({ Put }) => Put!.Item) as [IdempotencyRow, JobRow];
    dynamo.on(TransactWriteCommand).rejects(new TransactionCanceledException({ message: '', $metadata: {} }));
    dynamo.on(GetCommand, { Key: { id: idempotency.id } }).resolves({ Item: idempotency });
    dynamo.on(GetCommand, { Key: { id: job.id } }).resolves({ Item: { ...job, upload_id: 'upload-1' } });
    return job;
  }

  test('gets new URLs of the same upload, and the stored parts', async () => {
    const job = await made();
    jest.setSystemTime((NOW_SECONDS + 300) * 1000);
    s3.on(ListPartsCommand).resolves({
      Parts: [
        { PartNumber: 2, ETag: '"e2"', Size: 8 * MIB },
        // Of another size than its own: it has to come again.
        { PartNumber: 3, ETag: '"e3"', Size: 8 * MIB },
      ],
    });
    const again = await repeat();
    expect(again.statusCode).toBe(200);
    expect(bodyOf(again)).toMatchObject({ id: job.id });
    const { parts, expires_at } = uploadOf(again)!;
    expect(expires_at).toBe('2026-03-01T12:15:00.000Z');
    expect(parts.map(({ etag }) => etag)).toEqual([undefined, '"e2"', undefined]);
    expect(new URL(parts[0]!.url).searchParams.get('X-Amz-Expires')).toBe('600');
    expect(s3.commandCalls(CreateMultipartUploadCommand)).toHaveLength(1);
    expect(s3.commandCalls(ListPartsCommand).at(-1)!.args[0].input).toMatchObject({
      Bucket: 'media',
      Key: job.input_key,
      UploadId: 'upload-1',
    });
  });

  test('gets no URLs once the upload is complete', async () => {
    await made();
    s3.on(ListPartsCommand).rejects(awsError('NoSuchUpload'));
    const again = await repeat();
    expect(again.statusCode).toBe(200);
    expect(bodyOf(again)).toMatchObject({ status: 'awaiting_upload' });
    expect(uploadOf(again)).toBeUndefined();
  });

  test('is a different request without "multipart"', async () => {
    await made();
    const response = await repeat({ ...body, multipart: false });
    expect(errorOf(response)).toMatchObject({ code: 'idempotency_conflict' });
  });
});
