import {
  DynamoDBClient,
  ProvisionedThroughputExceededException,
  TransactionCanceledException,
} from '@aws-sdk/client-dynamodb';
import {
  DeleteCommand,
  DynamoDBDocumentClient,
  GetCommand,
  PutCommand,
  QueryCommand,
  TransactWriteCommand,
  UpdateCommand,
} from '@aws-sdk/lib-dynamodb';
import { mockClient } from 'aws-sdk-client-mock';
import type { IdempotencyRow, Receipt } from '../../../core/contract/job';
import { StaleAttempt } from '../../../core/contract/errors';
import { JobStore } from '../../../core/jobs/job-store';
import { conditionFailed, ended, JOB_ID, NOW, NOW_SECONDS, row, TABLE } from '../../support/support';

const client = DynamoDBDocumentClient.from(new DynamoDBClient());
const dynamo = mockClient(client);
const store = new JobStore(client, TABLE);
const NOW_MS = NOW.getTime();
const LEASE_MS = NOW_MS + 120_000;
const INPUT = { version: 'v1', etag: '"e1"' };
const ARRIVAL = { ...INPUT, size: 10, estimate: { audio_second: 60 }, reservation: { audio_second: 60 } };
const awaiting = row({ status: 'awaiting_upload' });
const HELD = 'attempt=3 status=running';

beforeEach(() => dynamo.reset());

/** The only update that was sent, with names and values filled in. */
function sent() {
  const calls = dynamo.commandCalls(UpdateCommand);
  expect(calls).toHaveLength(1);
  const { input } = calls[0]!.args[0];
  const filled = (expression = '') =>
    expression
      .replace(/#\w+/g, (name) => input.ExpressionAttributeNames![name]!)
      .replace(/:v\d+/g, (value) => {
        const content: unknown = input.ExpressionAttributeValues![value];
        return typeof content === 'string' ? content : JSON.stringify(content);
      })
      .replaceAll(' = ', '=');
  expect(input).toMatchObject({ TableName: TABLE, Key: { id: JOB_ID }, ReturnValues: 'ALL_NEW' });
  return {
    condition: filled(input.ConditionExpression).replaceAll(' AND ', ' '),
    update: filled(input.UpdateExpression),
  };
}

const iso = NOW.toISOString();
const receipt: Receipt = {
  measures: { audio_second: 60 },
  audio_seconds: 60,
  queue_seconds: 1,
  processing_seconds: 2,
  real_time_factor: 30,
  machine_type: 'g4dn.xlarge',
  capacity: 'spot',
  price_per_hour: 0.2,
  price_source: 'test',
  cost: 0.0001,
  cost_per_audio_minute: 0.0001,
};

test('reads rows with strong consistency', async () => {
  dynamo.on(GetCommand).resolves({ Item: row() });
  expect(await store.get(JOB_ID)).toEqual(row());
  expect(dynamo.commandCalls(GetCommand)[0]!.args[0].input).toEqual({
    TableName: TABLE,
    Key: { id: JOB_ID },
    ConsistentRead: true,
  });
});

describe('a new row', () => {
  test('is stored only if its id is new', async () => {
    dynamo.on(PutCommand).resolves({});
    expect(await store.create(row())).toBe(true);
    expect(dynamo.commandCalls(PutCommand)[0]!.args[0].input).toEqual({
      TableName: TABLE,
      Item: row(),
      ConditionExpression: 'attribute_not_exists(id)',
    });
    dynamo.on(PutCommand).rejects(conditionFailed());
    expect(await store.create(row())).toBe(false);
  });

  const remembered: IdempotencyRow = {
    id: 'idempotency#acme#k',
    job_id: JOB_ID,
    body_sha256: 'abc',
    expires_at: NOW_SECONDS + 60,
  };
  const cancelled = () =>
    new TransactionCanceledException({
      message: 'cancelled',
      $metadata: {},
      CancellationReasons: [{ Code: 'ConditionalCheckFailed' }, { Code: 'None' }],
    });

  test('and its idempotency key are stored in one transaction', async () => {
    dynamo.on(TransactWriteCommand).resolves({});
    expect(await store.createOnce(row(), remembered, NOW_SECONDS)).toBeUndefined();
    expect(dynamo.commandCalls(TransactWriteCommand)[0]!.args[0].input.TransactItems).toEqual([
      {
        Put: {
          TableName: TABLE,
          Item: remembered,
          ConditionExpression: 'attribute_not_exists(id) OR expires_at < :now',
          ExpressionAttributeValues: { ':now': NOW_SECONDS },
        },
      },
      { Put: { TableName: TABLE, Item: row() } },
    ]);
  });

  test('is not stored if an earlier request had the same key', async () => {
    const earlier = { ...remembered, job_id: 'job_earlier' };
    dynamo.on(TransactWriteCommand).rejects(cancelled());
    dynamo.on(GetCommand, { Key: { id: remembered.id } }).resolves({ Item: earlier });
    expect(await store.createOnce(row(), remembered, NOW_SECONDS)).toEqual(earlier);
  });

  test.each([
    ['there is no earlier request', undefined],
    ['the earlier request has expired', { ...remembered, expires_at: NOW_SECONDS - 1 }],
  ])('fails with a retryable error if two requests conflict and %s', async (_, earlier) => {
    dynamo.on(TransactWriteCommand).rejects(cancelled());
    dynamo.on(GetCommand).resolves({ Item: earlier });
    await expect(store.createOnce(row(), remembered, NOW_SECONDS)).rejects.toThrow(
      TransactionCanceledException,
    );
  });
});

describe('changes without an attempt', () => {
  test('queue only a job that awaits its upload, and let the sweeper check it soon', async () => {
    dynamo.on(UpdateCommand).resolves({ Attributes: row() });
    expect(await store.queue(awaiting, ARRIVAL, NOW)).toEqual(row());
    expect(sent()).toEqual({
      condition: 'status=awaiting_upload',
      update:
        'SET input_version=v1, input_etag="e1", status=queued, input_bytes=10, estimate={"audio_second":60}, ' +
        `queued_at=${iso}, sweep_at=${NOW_SECONDS + 60}, waits_from=${NOW_MS}, updated_at=${iso}`,
    });
  });

  test('record a sent message while no worker holds the job', async () => {
    dynamo.on(UpdateCommand).resolves({ Attributes: row() });
    await store.confirmSent(JOB_ID, NOW);
    expect(sent()).toEqual({
      condition: `status IN (queued, running) (attribute_not_exists(lease_until) OR lease_until < ${NOW_MS})`,
      update: `SET sweep_at=${NOW_SECONDS + 6 * 3600}`,
    });
  });

  test('ignore that a job was claimed before its message was recorded', async () => {
    dynamo.on(UpdateCommand).rejects(conditionFailed());
    await expect(store.confirmSent(JOB_ID, NOW)).resolves.toBeUndefined();
  });

  test('refuse audio only for a job that awaits it', async () => {
    dynamo.on(UpdateCommand).resolves({ Attributes: ended('failed') });
    const error = { code: 'bad_audio', message: 'no' } as const;
    await store.refuse(JOB_ID, INPUT, error, NOW);
    expect(sent()).toEqual({
      condition: 'status=awaiting_upload',
      update: `SET status=failed, finished_at=${iso}, updated_at=${iso}, input_version=v1, input_etag="e1", error=${JSON.stringify(error)} REMOVE open, sweep_at, lease_until, waits_from, reserved`,
    });
  });

  test('record a message that replaced the worker’s own, and no other', async () => {
    dynamo.on(UpdateCommand).resolves({ Attributes: row() });
    await store.replaceMessage(JOB_ID, 'message-1', 'message-2');
    expect(sent()).toEqual({
      condition: 'status=running (attribute_not_exists(message_id) OR message_id=message-1)',
      update: 'SET message_id=message-2',
    });
  });

  test('fail only an open job that no worker holds', async () => {
    dynamo.on(UpdateCommand).resolves({ Attributes: ended('failed') });
    const error = { code: 'bad_audio', message: 'no' } as const;
    await store.fail(JOB_ID, error, NOW);
    expect(sent()).toEqual({
      condition: `status IN (awaiting_upload, queued, running) (attribute_not_exists(lease_until) OR lease_until < ${NOW_MS}) attribute_not_exists(reserved) attribute_not_exists(receipt)`,
      update: `SET status=failed, finished_at=${iso}, updated_at=${iso}, error=${JSON.stringify(error)} REMOVE open, sweep_at, lease_until, waits_from, reserved`,
    });
  });

  test('cancel only an open job of the same tenant, even while a worker holds it', async () => {
    dynamo.on(UpdateCommand).resolves({ Attributes: ended('cancelled') });
    await store.cancel(JOB_ID, 'acme', NOW);
    expect(sent()).toEqual({
      condition:
        'tenant=acme status IN (awaiting_upload, queued, running) attribute_not_exists(reserved) attribute_not_exists(receipt)',
      update: `SET status=cancelled, finished_at=${iso}, updated_at=${iso} REMOVE open, sweep_at, lease_until, waits_from, reserved`,
    });
  });

  test('expire only a job whose upload is overdue', async () => {
    dynamo.on(UpdateCommand).resolves({ Attributes: ended('expired') });
    const error = { code: 'upload_expired', message: 'late' } as const;
    await store.expire(JOB_ID, error, NOW);
    expect(sent()).toEqual({
      condition: `status=awaiting_upload sweep_at < ${NOW_SECONDS}`,
      update: `SET status=expired, finished_at=${iso}, updated_at=${iso}, error=${JSON.stringify(error)} REMOVE open, sweep_at, lease_until, waits_from, reserved`,
    });
  });

  test.each([
    ['queue', () => store.queue(awaiting, ARRIVAL, NOW)],
    ['refuse', () => store.refuse(JOB_ID, INPUT, { code: 'bad_audio', message: 'no' }, NOW)],
    ['fail', () => store.fail(JOB_ID, { code: 'bad_audio', message: 'no' }, NOW)],
    ['cancel', () => store.cancel(JOB_ID, 'acme', NOW)],
    ['expire', () => store.expire(JOB_ID, { code: 'upload_expired', message: 'late' }, NOW)],
  ])('%s returns undefined if the row was in another state', async (_, change) => {
    dynamo.on(UpdateCommand).rejects(conditionFailed());
    dynamo.on(GetCommand).resolves({ Item: ended('failed') });
    expect(await change()).toBeUndefined();
  });

  test('erase only an ended row of the same tenant', async () => {
    dynamo.on(DeleteCommand).resolves({});
    await store.erase(JOB_ID, 'acme');
    expect(dynamo.commandCalls(DeleteCommand)[0]!.args[0].input).toEqual({
      TableName: TABLE,
      Key: { id: JOB_ID },
      ConditionExpression: 'tenant = :tenant AND attribute_not_exists(#open)',
      ExpressionAttributeNames: { '#open': 'open' },
      ExpressionAttributeValues: { ':tenant': 'acme' },
    });
  });
});

describe('a claim', () => {
  test('takes a free job, counts the attempt and keeps the first start', async () => {
    const claimed = row({ status: 'running', attempt: 1 });
    dynamo.on(UpdateCommand).resolves({ Attributes: claimed });
    expect(await store.claim(JOB_ID, 'message-1', LEASE_MS, NOW)).toEqual({
      outcome: 'claimed',
      row: claimed,
    });
    expect(sent()).toEqual({
      condition: `status IN (queued, running) (attribute_not_exists(lease_until) OR lease_until < ${NOW_MS})`,
      update:
        `SET status=running, message_id=message-1, updated_at=${iso}, lease_until=${LEASE_MS}, waits_from=${LEASE_MS}, ` +
        `sweep_at=${LEASE_MS / 1000 + 900}, ` +
        `started_at=if_not_exists(started_at, ${iso}) ADD attempt 1`,
    });
  });

  test.each([
    ['leased', row({ status: 'running', lease_until: LEASE_MS })],
    ['leased', row({ status: 'queued', lease_until: LEASE_MS })],
    ['unready', row({ status: 'awaiting_upload' })],
    ['final', ended('succeeded')],
    ['final', ended('failed')],
    ['final', ended('cancelled')],
    ['final', ended('expired')],
  ])('is refused as %s for a row that is %j', async (outcome, current) => {
    dynamo.on(UpdateCommand).rejects(conditionFailed());
    dynamo.on(GetCommand).resolves({ Item: current });
    expect(await store.claim(JOB_ID, 'message-1', LEASE_MS, NOW)).toEqual({ outcome, row: current });
  });

  test('finds nothing if the row does not exist', async () => {
    dynamo.on(UpdateCommand).rejects(conditionFailed());
    dynamo.on(GetCommand).resolves({});
    expect(await store.claim(JOB_ID, 'message-1', LEASE_MS, NOW)).toEqual({ outcome: 'missing' });
  });

  test('throws if the table was throttled', async () => {
    dynamo
      .on(UpdateCommand)
      .rejects(new ProvisionedThroughputExceededException({ message: 'slow', $metadata: {} }));
    await expect(store.claim(JOB_ID, 'message-1', LEASE_MS, NOW)).rejects.toThrow(
      ProvisionedThroughputExceededException,
    );
  });
});

describe('the end of a job that a key submitted', () => {
  const running = row({ attempt: 3, status: 'running', key_id: 'key_1', lease_until: LEASE_MS });
  const commit = () =>
    store.commit(
      running,
      { results: { transcription: 'k' }, receipt, degraded: [], stages: { transcript: 'succeeded' } },
      NOW,
    );
  const refused = (...codes: string[]) =>
    new TransactionCanceledException({
      message: 'cancelled',
      $metadata: {},
      CancellationReasons: codes.map((Code) => ({ Code })),
    });
  const transactions = () => dynamo.commandCalls(TransactWriteCommand).map(({ args }) => args[0].input);

  test('and the usage of the key are written in one transaction', async () => {
    dynamo.on(TransactWriteCommand).resolves({});
    const done = await commit();
    expect(done).toEqual({
      ...ended('succeeded', { attempt: 3, key_id: 'key_1' }),
      updated_at: iso,
      results: { transcription: 'k' },
      receipt,
      progress: 1,
      stages: { transcript: 'succeeded' },
    });
    const [job, counter] = transactions()[0]!.TransactItems!.map(({ Update }) => Update!);
    expect(job).toMatchObject({
      TableName: TABLE,
      Key: { id: JOB_ID },
      ConditionExpression: '#attempt = :v0 AND #status = :v1',
    });
    expect(Object.values(job!.ExpressionAttributeValues!)).toEqual(
      expect.arrayContaining([3, 'running', 'succeeded', receipt]),
    );
    expect(counter).toMatchObject({
      TableName: TABLE,
      Key: { id: 'usage#key_1#2026-03-01' },
      ExpressionAttributeValues: { ':audio_second': 60 },
    });
    expect(dynamo.commandCalls(UpdateCommand)).toHaveLength(0);
  });

  test('is refused and not counted if another attempt holds the job', async () => {
    dynamo.on(TransactWriteCommand).rejects(refused('ConditionalCheckFailed', 'None'));
    await expect(commit()).rejects.toThrow(new StaleAttempt(JOB_ID, 3));
    expect(transactions()).toHaveLength(1);
  });

  test('is retried with the same token after a conflict at the counter', async () => {
    dynamo
      .on(TransactWriteCommand)
      .rejectsOnce(refused('None', 'TransactionConflict'))
      .rejectsOnce(refused('None', 'TransactionConflict'))
      .resolves({});
    await commit();
    const tokens = transactions().map(({ ClientRequestToken }) => ClientRequestToken);
    expect(tokens).toHaveLength(3);
    expect(new Set(tokens).size).toBe(1);
    expect(tokens[0]).toMatch(/^[0-9a-f-]{36}$/);
  });

  test('has a new token for each job', async () => {
    dynamo.on(TransactWriteCommand).resolves({});
    await commit();
    await commit();
    expect(new Set(transactions().map(({ ClientRequestToken }) => ClientRequestToken)).size).toBe(2);
  });

  test('does not mistake a throttled counter for a lost job', async () => {
    dynamo.on(TransactWriteCommand).rejects(refused('None', 'ThrottlingError'));
    await expect(commit()).rejects.toThrow(TransactionCanceledException);
    expect(transactions()).toHaveLength(1);
  });
});

describe('changes by the holder of an attempt', () => {
  const result = {
    results: { transcription: 'k' },
    receipt,
    degraded: [],
    stages: { transcript: 'succeeded' },
  } as const;
  const changes = {
    extendLease: () => store.extendLease(JOB_ID, 3, LEASE_MS),
    recordProgress: () =>
      store.recordProgress(JOB_ID, 3, { progress: 0.5, stages: { transcript: 'running' } }, NOW),
    publish: () => store.publish(JOB_ID, 3, { results: { transcription: 'words' }, degraded: [] }, NOW),
    commit: () => store.commit(row({ attempt: 3 }), { ...result, degraded: [] }, NOW),
    failHeld: () => store.failHeld(JOB_ID, 3, { code: 'bad_audio', message: 'no' }, NOW),
    release: () => store.release(JOB_ID, 3, NOW),
  };
  const expected: Record<keyof typeof changes, string> = {
    extendLease: `SET lease_until=${LEASE_MS}, waits_from=${LEASE_MS}, sweep_at=${LEASE_MS / 1000 + 900}`,
    publish: `SET results={"transcription":"words"}, degraded=[], updated_at=${iso}`,
    recordProgress: `SET progress=0.5, stages={"transcript":"running"}, updated_at=${iso}`,
    commit:
      `SET status=succeeded, finished_at=${iso}, updated_at=${iso}, results={"transcription":"k"}, ` +
      `receipt=${JSON.stringify(receipt)}, degraded=[], stages={"transcript":"succeeded"}, progress=1 ` +
      'REMOVE open, sweep_at, lease_until, waits_from, reserved',
    failHeld:
      `SET status=failed, finished_at=${iso}, updated_at=${iso}, ` +
      'error={"code":"bad_audio","message":"no"} REMOVE open, sweep_at, lease_until, waits_from, reserved',
    release: `SET status=queued, updated_at=${iso}, sweep_at=${NOW_SECONDS + 6 * 3600}, waits_from=${NOW_MS} REMOVE lease_until`,
  };
  const names = Object.keys(changes) as (keyof typeof changes)[];

  test.each(names)('%s requires this attempt and a running job', async (name) => {
    dynamo.on(UpdateCommand).resolves({ Attributes: row({ status: 'running', attempt: 3 }) });
    await changes[name]();
    const condition =
      name === 'failHeld' ? `${HELD} attribute_not_exists(reserved) attribute_not_exists(receipt)` : HELD;
    expect(sent()).toEqual({ condition, update: expected[name] });
  });

  test.each(names)('%s is refused for an attempt that is no longer the latest', async (name) => {
    dynamo.on(UpdateCommand).rejects(conditionFailed());
    dynamo.on(GetCommand).resolves({ Item: ended('failed') });
    await expect(changes[name]()).rejects.toThrow(new StaleAttempt(JOB_ID, 3));
  });

  test.each(names)('%s does not mistake a throttled table for a lost lease', async (name) => {
    dynamo
      .on(UpdateCommand)
      .rejects(new ProvisionedThroughputExceededException({ message: 'slow', $metadata: {} }));
    await expect(changes[name]()).rejects.toThrow(ProvisionedThroughputExceededException);
  });
});

describe('queries', () => {
  test('list a tenant’s jobs, newest first, from the end of the previous page', async () => {
    const start = { id: JOB_ID, tenant: 'acme', created_at: 'then' };
    dynamo.on(QueryCommand).resolves({ Items: [row()], LastEvaluatedKey: start });
    expect(await store.list('acme', { limit: 5, start })).toEqual({ rows: [row()], next: start });
    expect(dynamo.commandCalls(QueryCommand)[0]!.args[0].input).toEqual({
      TableName: TABLE,
      IndexName: 'by-tenant',
      KeyConditionExpression: 'tenant = :tenant',
      ExpressionAttributeValues: { ':tenant': 'acme' },
      ScanIndexForward: false,
      Limit: 5,
      ExclusiveStartKey: start,
    });
  });

  test('list only jobs with a given status', async () => {
    dynamo.on(QueryCommand).resolves({});
    expect(await store.list('acme', { limit: 5, status: 'failed' })).toEqual({ rows: [], next: undefined });
    expect(dynamo.commandCalls(QueryCommand)[0]!.args[0].input).toMatchObject({
      KeyConditionExpression: 'tenant = :tenant',
      FilterExpression: '#status = :status',
      ExpressionAttributeNames: { '#status': 'status' },
      ExpressionAttributeValues: { ':tenant': 'acme', ':status': 'failed' },
    });
  });

  test('find open jobs that are due, oldest first', async () => {
    dynamo.on(QueryCommand).resolves({ Items: [row()] });
    expect(await store.due(NOW, 200)).toEqual([row()]);
    expect(dynamo.commandCalls(QueryCommand)[0]!.args[0].input).toEqual({
      TableName: TABLE,
      IndexName: 'open',
      KeyConditionExpression: '#open = :open AND sweep_at < :now',
      ExpressionAttributeNames: { '#open': 'open' },
      ExpressionAttributeValues: { ':open': 'open', ':now': NOW_SECONDS },
      Limit: 200,
    });
  });
});
