import { createHash } from 'node:crypto';
import { DynamoDBClient, TransactionCanceledException } from '@aws-sdk/client-dynamodb';
import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { DeleteObjectsCommand, ListObjectVersionsCommand, S3Client } from '@aws-sdk/client-s3';
import { SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import {
  DynamoDBDocumentClient,
  GetCommand,
  PutCommand,
  TransactWriteCommand,
  UpdateCommand,
} from '@aws-sdk/lib-dynamodb';
import { mockClient } from 'aws-sdk-client-mock';
import { type Dependencies, intakeUpload, type ObjectCreated } from '../../../lambda/intake/intake-upload';
import type { JobRow } from '../../../core/contract/job';
import { JobStore } from '../../../core/jobs/job-store';
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
  deployed: { transcription: {} },
  retentionDays: 7,
};
const tools = quietTools();
const INPUT = `jobs/${JOB_ID}/input`;

const arrive = (object: Partial<ObjectCreated['object']> = {}) =>
  intakeUpload(
    {
      bucket: { name: 'media' },
      object: { key: INPUT, size: 10, etag: 'e1', sequencer: 's1', 'version-id': 'v1', ...object },
    },
    dependencies,
    tools,
  );

const sent = () => sqs.commandCalls(SendMessageCommand).map(({ args }) => args[0].input);
const messages = () => sent().map(({ MessageBody }) => MessageBody);
const wakes = () => lambda.commandCalls(InvokeCommand).length;
const erased = () =>
  s3
    .commandCalls(DeleteObjectsCommand)
    .flatMap(({ args }) => args[0].input.Delete!.Objects!.map(({ Key }) => Key));
const announced = () =>
  events
    .commandCalls(PutEventsCommand)
    .flatMap(({ args }) =>
      args[0].input.Entries!.map(({ DetailType, Detail }) => [DetailType, JSON.parse(Detail!)]),
    );
const nothingElse = () => {
  expect({ messages: messages(), wakes: wakes(), erased: erased(), announced: announced() }).toEqual({
    messages: [],
    wakes: 0,
    erased: [],
    announced: [],
  });
};

/** The row is in a state that does not change. */
function settled(current: JobRow | undefined) {
  dynamo.on(UpdateCommand).rejects(conditionFailed());
  dynamo.on(GetCommand).resolves({ Item: current });
}

beforeEach(() => {
  freezeTime();
  for (const mock of mocks) mock.reset();
  sqs.on(SendMessageCommand).resolves({});
  lambda.on(InvokeCommand).resolves({});
  s3.on(ListObjectVersionsCommand).resolves({ Versions: [listed(INPUT)] });
  s3.on(DeleteObjectsCommand).resolves({});
  events.on(PutEventsCommand).resolves({ FailedEntryCount: 0 });
  dynamo.on(PutCommand).resolves({});
  dynamo.on(GetCommand).resolves({ Item: row({ status: 'awaiting_upload' }) });
  dynamo.on(UpdateCommand).resolves({ Attributes: row() });
});
afterEach(() => jest.useRealTimers());

describe('an upload', () => {
  test('first queues the row, then sends the message, then wakes the fleet', async () => {
    const order: string[] = [];
    dynamo.on(UpdateCommand).callsFake((input: { UpdateExpression: string }) => {
      order.push(input.UpdateExpression.includes('#queued_at') ? 'row' : 'sent');
      return { Attributes: row() };
    });
    sqs.on(SendMessageCommand).callsFake(() => void order.push('message'));
    lambda.on(InvokeCommand).callsFake(() => void order.push('wake'));
    await arrive();
    expect(order).toEqual(['row', 'message', 'sent', 'wake']);
  });

  test('sends only the job’s id, and does not wait for the fleet', async () => {
    await arrive();
    expect(sqs.commandCalls(SendMessageCommand)[0]!.args[0].input).toEqual({
      QueueUrl: dependencies.queueUrl,
      MessageBody: JSON.stringify({ version: 1, job_id: JOB_ID }),
      MessageGroupId: 'acme',
    });
    expect(lambda.commandCalls(InvokeCommand)[0]!.args[0].input).toEqual({
      FunctionName: 'size-fleet',
      InvocationType: 'Event',
      Payload: expect.any(String) as string,
    });
  });

  test('tells the sizer of its job, which the index may not show yet', async () => {
    dynamo.on(UpdateCommand).resolves({ Attributes: row({ waits_from: 5, estimate: { audio_second: 60 } }) });
    await arrive();
    const { Payload = '' } = lambda.commandCalls(InvokeCommand)[0]!.args[0].input;
    const arrived = { id: JOB_ID, waits_from: 5, estimate: { audio_second: 60 } };
    expect(JSON.parse(Payload as string)).toEqual({ arrived });
  });

  test('of a bulk job sends its message to the bulk queue', async () => {
    dynamo.on(UpdateCommand).resolves({ Attributes: row({ priority: 'bulk' }) });
    await arrive();
    expect(sent()).toMatchObject([{ QueueUrl: dependencies.bulkQueueUrl, MessageGroupId: 'acme' }]);
  });

  test.each(['a b', 'å', 'x'.repeat(129)])(
    'of the tenant %j, whose name is no message group, is in a group of the name’s hash',
    async (tenant) => {
      dynamo.on(UpdateCommand).resolves({ Attributes: row({ tenant }) });
      await arrive();
      expect(sent()).toMatchObject([{ MessageGroupId: createHash('sha256').update(tenant).digest('hex') }]);
    },
  );

  test('sends its message for a repeated event after a crash between row and message', async () => {
    settled(row({ status: 'queued' }));
    await arrive();
    expect(messages()).toEqual([JSON.stringify({ version: 1, job_id: JOB_ID })]);
    expect(wakes()).toBe(1);
  });

  test.each([row({ status: 'running' }), ended('succeeded'), ended('failed')])(
    'changes nothing for a repeated event if the job is $status',
    async (current) => {
      settled(current);
      await arrive();
      nothingElse();
    },
  );

  test.each([
    ['cancelled', ended('cancelled')],
    ['expired', ended('expired')],
    ['erased', undefined],
  ])('is deleted if its job was %s in the meantime', async (_, current) => {
    settled(current);
    await arrive();
    expect(s3.commandCalls(ListObjectVersionsCommand)[0]!.args[0].input).toMatchObject({
      Bucket: 'media',
      Prefix: `jobs/${JOB_ID}/`,
    });
    expect(erased()).toEqual([INPUT]);
    expect(messages()).toEqual([]);
  });

  test('fails, so that it is retried, if the queue rejects the message', async () => {
    sqs.on(SendMessageCommand).rejects(awsError('ServiceUnavailable'));
    await expect(arrive()).rejects.toThrow('ServiceUnavailable');
    expect(wakes()).toBe(0);
  });
});

describe('a second upload to the same URL', () => {
  const versions = () =>
    s3.commandCalls(DeleteObjectsCommand).flatMap(({ args }) => args[0].input.Delete!.Objects);

  test.each(['queued', 'running', 'succeeded', 'failed'] as const)(
    'is deleted by its version if the job is %s with the first one, and changes nothing',
    async (status) => {
      const bound = { input_version: 'v0', input_etag: '"e0"' };
      settled(status === 'queued' || status === 'running' ? row({ status, ...bound }) : ended(status, bound));
      await arrive();
      expect(versions()).toEqual([{ Key: INPUT, VersionId: 'v1' }]);
      expect([messages(), wakes(), announced()]).toEqual([[], 0, []]);
    },
  );

  test('is left for the worker to detect in a bucket without versioning', async () => {
    settled(row({ status: 'queued', input_etag: '"e0"' }));
    await arrive({ 'version-id': undefined });
    nothingElse();
  });

  test('is treated as the first if the previous release queued the job', async () => {
    settled(row({ status: 'queued' }));
    await arrive();
    expect(messages()).toHaveLength(1);
    expect(versions()).toEqual([]);
  });
});

test('audio of a key whose day is used up fails its job, and is deleted', async () => {
  const limited = row({ status: 'awaiting_upload', key_id: 'key_1', units_per_day: { audio_second: 60 } });
  const reasons = [{ Code: 'None' }, { Code: 'ConditionalCheckFailed' }];
  dynamo
    .on(TransactWriteCommand)
    .rejects(
      new TransactionCanceledException({ message: 'no', $metadata: {}, CancellationReasons: reasons }),
    );
  dynamo.on(GetCommand).resolves({ Item: limited });
  const error = { code: 'quota_exceeded', message: 'no' } as const;
  dynamo.on(UpdateCommand).resolves({ Attributes: ended('failed', { error }) });
  await arrive();
  expect([erased(), messages(), wakes()]).toEqual([[INPUT], [], 0]);
  expect(announced()).toEqual([['Spotscribe Job Failed', expect.objectContaining({ error })]]);
});

test('binds the job to the version that arrived', async () => {
  await arrive();
  const { input } = dynamo.commandCalls(UpdateCommand)[0]!.args[0];
  expect(input.UpdateExpression).toContain('#input_version');
  expect(Object.values(input.ExpressionAttributeValues!)).toEqual(expect.arrayContaining(['v1', '"e1"']));
});

describe('unacceptable audio', () => {
  const failed = (code: 'bad_audio' | 'upload_too_large') =>
    ended('failed', { error: { code, message: 'no' } });
  const cases = [
    { size: 0, code: 'bad_audio', message: 'The file is empty' },
    { size: 1001, code: 'upload_too_large', message: 'The file must be at most 1000 bytes; got 1001' },
  ] as const;

  beforeEach(() => void dynamo.on(GetCommand).resolves({ Item: row({ status: 'awaiting_upload' }) }));

  test.each(cases)(
    'of $size bytes fails its job as $code and is deleted',
    async ({ size, code, message }) => {
      dynamo.on(UpdateCommand).resolves({ Attributes: failed(code) });
      await arrive({ size });
      const { input } = dynamo.commandCalls(UpdateCommand)[0]!.args[0];
      expect(Object.values(input.ExpressionAttributeValues!)).toContainEqual({ code, message });
      expect(Object.values(input.ExpressionAttributeValues!)).toContain('failed');
      expect(erased()).toEqual([INPUT]);
      expect(announced()).toEqual([
        ['Spotscribe Job Failed', expect.objectContaining({ job_id: JOB_ID, status: 'failed' })],
      ]);
      expect(messages()).toEqual([]);
    },
  );

  test.each([
    ['a transcription', { transcription: {} }, 'bad_audio'],
    ['an embedding', { embedding: {} }, 'invalid_request'],
  ])('without content fails its job as fits %s', async (_, tasks, code) => {
    const failure = ended('failed', { tasks, error: { code: code as 'bad_audio', message: 'no' } });
    dynamo.on(GetCommand).resolves({ Item: row({ status: 'awaiting_upload', tasks }) });
    dynamo.on(UpdateCommand).resolves({ Attributes: failure });
    await arrive({ size: 0 });
    const { input } = dynamo.commandCalls(UpdateCommand)[0]!.args[0];
    expect(Object.values(input.ExpressionAttributeValues!)).toContainEqual({
      code,
      message: 'The file is empty',
    });
    expect(erased()).toEqual([INPUT]);
    expect(announced()).toHaveLength(1);
  });

  test.each(cases)(
    'of $size bytes is deleted and its event sent after an earlier try crashed',
    async (each) => {
      settled(failed(each.code));
      await arrive({ size: each.size });
      expect(erased()).toEqual([INPUT]);
      expect(announced()).toHaveLength(1);
    },
  );

  test('is deleted before its event is sent, so that a failed deletion is retried', async () => {
    dynamo.on(UpdateCommand).resolves({ Attributes: failed('bad_audio') });
    s3.on(DeleteObjectsCommand).resolves({ Errors: [{ Key: INPUT, Code: 'SlowDown', Message: 'slow' }] });
    await expect(arrive({ size: 0 })).rejects.toThrow(
      'Could not delete 1 objects. The first error is SlowDown: slow',
    );
    expect(announced()).toEqual([]);
  });

  test('is also deleted if its job was cancelled in the meantime', async () => {
    settled(ended('cancelled'));
    await arrive({ size: 1001 });
    expect(erased()).toEqual([INPUT]);
    expect(announced()).toEqual([]);
  });

  test('does not change a job that runs or failed for another reason', async () => {
    settled(row({ status: 'running' }));
    await arrive({ size: 0 });
    settled(ended('failed', { error: { code: 'attempts_exhausted', message: 'no' } }));
    await arrive({ size: 0 });
    nothingElse();
  });

  test('fails only a job that awaits it, not one that is queued with other audio', async () => {
    dynamo.on(UpdateCommand).rejects(conditionFailed());
    dynamo
      .on(GetCommand)
      .resolvesOnce({ Item: row({ status: 'awaiting_upload' }) })
      .resolves({ Item: row({ status: 'queued', input_version: 'v0' }) });
    await arrive({ size: 0 });
    expect(dynamo.commandCalls(UpdateCommand)[0]!.args[0].input).toMatchObject({
      ConditionExpression: '#status = :v0',
      ExpressionAttributeValues: expect.objectContaining({ ':v0': 'awaiting_upload' }),
    });
    expect(messages()).toEqual([]);
  });

  test('does not include audio of exactly the largest size', async () => {
    await arrive({ size: 1000 });
    expect(messages()).toHaveLength(1);
  });
});

test.each([
  `jobs/${JOB_ID}/checkpoint.json`,
  `jobs/${JOB_ID}/results/1/transcript.json`,
  `jobs/${JOB_ID}/results/1/input`,
  `jobs/${JOB_ID}/input/`,
  `jobs/${JOB_ID}`,
  'jobs//input',
  'jobs/job_1/input',
  'jobs/idempotency#acme#k/input',
])('ignores other keys: %s', async (key) => {
  await arrive({ key });
  expect(dynamo.calls()).toHaveLength(0);
  nothingElse();
});

describe('a file under inbox/', () => {
  const KEY = 'inbox/2026/Gespräch \u202Eexe.mp3';
  const made = () => dynamo.commandCalls(PutCommand).map(({ args }) => args[0].input.Item as JobRow);

  beforeEach(() => {
    s3.on(ListObjectVersionsCommand).callsFake(({ Prefix }: { Prefix: string }) => ({
      Versions: [listed(Prefix), listed(Prefix, { VersionId: 'v2', ETag: '"e2"' })],
    }));
    dynamo.on(GetCommand).callsFake(() => ({ Item: made()[0] }));
  });

  test('becomes a job of the default tenant, under its own key and version', async () => {
    await arrive({ key: KEY });
    expect(made()).toEqual([
      {
        tasks: { transcription: {} },
        id: expect.stringMatching(/^job_[0-9a-f]{32}$/),
        tenant: 'default',
        status: 'awaiting_upload',
        name: 'Gespräch exe.mp3',
        origin: 'inbox',
        input_key: KEY,
        input_version: 'v1',
        input_etag: '"e1"',
        options: {},
        created_at: '2026-03-01T12:00:00.000Z',
        updated_at: '2026-03-01T12:00:00.000Z',
        progress: 0,
        stages: { transcript: 'waiting' },
        degraded: [],
        attempt: 0,
        open: 'open',
        sweep_at: NOW_SECONDS + 60,
        expires_at: NOW_SECONDS + 7 * 86_400,
      },
    ]);
    expect(dynamo.commandCalls(UpdateCommand)[0]!.args[0].input.Key).toEqual({ id: made()[0]!.id });
    expect(messages()).toHaveLength(1);
  });

  test('creates one job, even for repeated events', async () => {
    await arrive({ key: KEY });
    dynamo.on(PutCommand).rejects(conditionFailed());
    settled(ended('succeeded'));
    await arrive({ key: KEY });
    const [first, second] = made();
    expect(second!.id).toBe(first!.id);
    expect(dynamo.commandCalls(PutCommand)[1]!.args[0].input.ConditionExpression).toBe(
      'attribute_not_exists(id)',
    );
    expect(messages()).toHaveLength(1);
  });

  test('is queued by a repeated event after a crash between creating and queueing', async () => {
    dynamo.on(PutCommand).rejects(conditionFailed());
    await arrive({ key: KEY });
    expect(messages()).toHaveLength(1);
  });

  test.each([{ etag: 'e2', 'version-id': 'v2' }, { sequencer: 's2' }, { key: 'inbox/other.mp3' }])(
    'makes another job of another version or file: %j',
    async (other) => {
      await arrive({ key: KEY });
      await arrive({ key: KEY, ...other });
      expect(new Set(made().map(({ id }) => id)).size).toBe(2);
    },
  );

  test('is deleted by its own key and version if it is too large', async () => {
    dynamo.on(UpdateCommand).resolves({
      Attributes: ended('failed', {
        input_key: KEY,
        input_version: 'v1',
        error: { code: 'upload_too_large', message: 'no' },
      }),
    });
    s3.on(ListObjectVersionsCommand, { Prefix: KEY }).resolves({
      Versions: [listed(KEY, { VersionId: 'v2' }), listed(KEY, { IsLatest: false })],
    });
    s3.on(ListObjectVersionsCommand, { Prefix: `jobs/${JOB_ID}/` }).resolves({});
    await arrive({ key: KEY, size: 1001 });
    const [call] = s3.commandCalls(DeleteObjectsCommand);
    expect(call!.args[0].input.Delete!.Objects).toEqual([{ Key: KEY, VersionId: 'v1' }]);
    expect(erased()).toEqual([KEY]);
  });

  test('creates no second job for an event after it was deleted with its job', async () => {
    s3.on(ListObjectVersionsCommand, { Prefix: KEY }).resolves({
      Versions: [listed(KEY, { VersionId: 'v2', ETag: '"e2"' })],
    });
    await arrive({ key: KEY });
    expect(dynamo.calls()).toHaveLength(0);
    nothingElse();
  });

  test('is found even if XML cannot represent its name', async () => {
    const key = 'inbox/a +\u0001%é.mp3';
    s3.on(ListObjectVersionsCommand, { Prefix: key, EncodingType: 'url' }).resolves({
      EncodingType: 'url',
      Versions: [listed('inbox/a+%2B%01%25%C3%A9.mp3')],
    });
    await arrive({ key });
    expect(made()).toMatchObject([{ input_key: key }]);
  });

  test('with a lone surrogate in its name becomes a failed job with well-formed text', async () => {
    const key = 'inbox/a\ud83d.mp3';
    dynamo.on(UpdateCommand).resolves({
      Attributes: ended('failed', { error: { code: 'source_not_found', message: 'no' } }),
    });
    await arrive({ key });
    expect(made()).toMatchObject([{ name: 'a\ufffd.mp3', input_key: 'inbox/a\ufffd.mp3' }]);
    expect(announced()).toHaveLength(1);
    expect(messages()).toEqual([]);
  });

  test.each([
    '.DS_Store',
    '._talk.mp3',
    'Thumbs.db',
    'desktop.ini',
    'talk.mp3.filepart',
    'week 1/talk.mp3.crdownload',
    '.Trashes/talk.mp3',
    '__MACOSX/talk.mp3',
    'bulk/.talk.mp3.AbC123',
    '',
    'folder/',
  ])(
    'that is a system or temporary file or a folder creates no job, and the log does not name it: %j',
    async (name) => {
      const info = jest.spyOn(tools.logger, 'info');
      const key = `inbox/${name}`;
      await arrive({ key });
      expect(dynamo.calls()).toHaveLength(0);
      expect(s3.calls()).toHaveLength(0);
      nothingElse();
      expect(info.mock.calls).toEqual([[expect.any(String), { pattern: expect.any(String) as string }]]);
      info.mockRestore();
    },
  );

  test('that is renamed when it is complete becomes one job', async () => {
    await arrive({ key: 'inbox/talk.mp3.filepart' });
    await arrive({ key: 'inbox/talk.mp3' });
    expect(made()).toMatchObject([{ input_key: 'inbox/talk.mp3' }]);
    expect(messages()).toHaveLength(1);
  });

  test.each([
    ['inbox/bulk/2026/talk.mp3', 'bulk'],
    ['inbox/bulk.mp3', undefined],
    ['inbox/2026/bulk/talk.mp3', undefined],
  ])('named %s becomes a job of the priority %j', async (key, priority) => {
    await arrive({ key });
    expect(made().map((job) => job.priority)).toEqual([priority]);
  });
});
