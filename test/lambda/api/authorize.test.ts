import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient, GetCommand } from '@aws-sdk/lib-dynamodb';
import { mockClient } from 'aws-sdk-client-mock';
import { hashApiKey, newApiKey } from '../../../core/keys/api-key';
import { authorize, handler, keysOf } from '../../../lambda/api/authorize';
import { ENV } from '../../../core/contract/environment';
import type { KeyRow } from '../../../core/contract/usage';
import { findKey } from '../../../core/keys/find-key';
import { KeyCache } from '../../../core/keys/key-cache';
import { httpHandler } from '../../../lambda/frame/http';
import { json } from '../../../lambda/frame/refusal';
import type { JobStore } from '../../../core/jobs/job-store';
import { until } from '../../until';
import { awsError, errorOf, lambdaContext, quietTools, request, silenceConsole } from '../../support/support';

const dynamo = mockClient(DynamoDBDocumentClient);
const client = DynamoDBDocumentClient.from(new DynamoDBClient());
const key = newApiKey();
const keyRow: KeyRow = {
  key_sha256: hashApiKey(key),
  id: 'key_1',
  tenant: 'acme',
  name: 'laptop',
  created_at: '2026-03-01T12:00:00.000Z',
};
/** No caller: `httpHandler` answers 401, which an authorizer of an HTTP API cannot. */
const NOBODY = { isAuthorized: true, context: {} };
const keys = () => new KeyCache({ find: (sha256) => findKey(client, 'keys-table', sha256) });
const ask = (authorization?: string, minutesPerDay?: number) =>
  authorize(
    { headers: authorization === undefined ? {} : { authorization } },
    { keys: keys(), minutesPerDay },
    quietTools(),
  );

beforeEach(() => dynamo.reset());
afterEach(() => jest.restoreAllMocks());

test('a new key has 256 random bits and is unique', () => {
  expect(key).toMatch(/^sk-spotscribe-[A-Za-z0-9_-]{43}$/);
  expect(newApiKey()).not.toBe(key);
});

test.each(['Bearer', 'bearer', 'BEARER  '])('returns the tenant of a key: %s', async (scheme) => {
  dynamo.on(GetCommand).resolves({ Item: keyRow });
  expect(await ask(`${scheme} ${key}`)).toEqual({
    isAuthorized: true,
    context: { tenant: 'acme', key_id: 'key_1' },
  });
});

test.each<[string, Partial<KeyRow>, number | undefined, object]>([
  ['its own number', { minutes_per_day: 2 }, 10, { units_per_day: '{"audio_second":120}' }],
  ['the deployment’s', {}, 10, { units_per_day: '{"audio_second":600}' }],
  ['none, by exception', { minutes_per_day: null }, 10, {}],
  ['none', {}, undefined, {}],
])('returns the quota of a key: %s', async (_, change, minutesPerDay, told) => {
  dynamo.on(GetCommand).resolves({ Item: { ...keyRow, ...change } });
  expect((await ask(`Bearer ${key}`, minutesPerDay)).context).toEqual({
    tenant: 'acme',
    key_id: 'key_1',
    ...told,
  });
});

test('looks up a key only by its hash', async () => {
  dynamo.on(GetCommand).resolves({ Item: keyRow });
  await ask(`Bearer ${key}`);
  expect(dynamo.commandCalls(GetCommand).map(({ args }) => args[0].input)).toEqual([
    { TableName: 'keys-table', Key: { key_sha256: hashApiKey(key) } },
  ]);
});

test('returns no caller for a forged key', async () => {
  dynamo.on(GetCommand).resolves({});
  expect(await ask(`Bearer ${newApiKey()}`)).toEqual(NOBODY);
});

test('returns no caller for a revoked key', async () => {
  dynamo.on(GetCommand).resolves({ Item: { ...keyRow, revoked_at: '2026-03-02T12:00:00.000Z' } });
  expect(await ask(`Bearer ${key}`)).toEqual(NOBODY);
});

test.each([
  ['no header', undefined],
  ['an empty header', ''],
  ['a key without a scheme', key],
  ['another scheme', `Basic ${key}`],
  ['another prefix', 'Bearer sk-proj-abcdef'],
  ['two keys', `Bearer ${key} ${key}`],
  ['no key', 'Bearer '],
])('returns no caller for %s, without reading the table', async (_, authorization) => {
  expect(await ask(authorization)).toEqual(NOBODY);
  expect(dynamo.calls()).toHaveLength(0);
});

test('returns no caller without headers', async () => {
  expect(await authorize({}, { keys: keys() }, quietTools())).toEqual(NOBODY);
});

test('caches known and unknown keys separately', async () => {
  const remembering = { keys: keys() };
  const other = newApiKey();
  dynamo.on(GetCommand, { Key: { key_sha256: hashApiKey(key) } }).resolves({ Item: keyRow });
  dynamo.on(GetCommand, { Key: { key_sha256: hashApiKey(other) } }).resolves({});
  const asked = (authorization?: string) =>
    authorize({ headers: authorization === undefined ? {} : { authorization } }, remembering, quietTools());
  for (let times = 0; times < 3; times++) {
    expect((await asked(`Bearer ${key}`)).context).toMatchObject({ tenant: 'acme' });
    expect(await asked(`Bearer ${other}`)).toEqual(NOBODY);
    expect(await asked()).toEqual(NOBODY);
  }
  expect(dynamo.calls()).toHaveLength(2);
});

test('reports a failed look-up if the table hangs, and tries again for the next request', async () => {
  dynamo
    .on(GetCommand)
    .callsFakeOnce(() => new Promise(() => undefined))
    .resolves({ Item: keyRow });
  const dependencies = { keys: keysOf(client, 'keys-table', 10) };
  const asked = () => authorize({ headers: { authorization: `Bearer ${key}` } }, dependencies, quietTools());
  expect(await asked()).toEqual({ isAuthorized: true, context: { unchecked: true } });
  const [, sent] = dynamo.commandCalls(GetCommand)[0]!.args as unknown as [
    object,
    { abortSignal: AbortSignal },
  ];
  expect(sent.abortSignal.aborted).toBe(true);
  await until(async () => 'tenant' in (await asked()).context);
});

describe('the handler', () => {
  beforeEach(() => {
    process.env[ENV.keysTable] = 'keys-table';
    process.env[ENV.minutesPerDayPerKey] = '1.5';
  });
  afterEach(() => {
    delete process.env[ENV.keysTable];
    delete process.env[ENV.minutesPerDayPerKey];
  });

  const event = { headers: { authorization: `Bearer ${key}` } } as unknown as Parameters<typeof handler>[0];

  test('reads the deployment’s quota from its environment', async () => {
    silenceConsole();
    dynamo.on(GetCommand).resolves({ Item: keyRow });
    expect((await handler(event, lambdaContext)).context).toMatchObject({
      units_per_day: '{"audio_second":90}',
    });
  });

  test('reports a failed look-up if the table is overloaded', async () => {
    silenceConsole();
    dynamo.on(GetCommand).rejects(awsError('ThrottlingException'));
    const unseen = { headers: { authorization: `Bearer ${newApiKey()}` } } as unknown as typeof event;
    const { context } = await handler(unseen, lambdaContext);
    const frame = httpHandler(
      () => ({ store: {} as JobStore }),
      async () => json(200, {}),
    );
    const passed = request({});
    passed.requestContext.authorizer = { lambda: context };
    const response = await frame(passed, lambdaContext);
    expect([response.statusCode, errorOf(response).code]).toEqual([503, 'busy']);
  });

  test('never logs a key, not even if the table fails', async () => {
    const { written } = silenceConsole();
    const another = newApiKey();
    dynamo.on(GetCommand).rejects(awsError('AccessDeniedException'));
    const failing = { headers: { authorization: `Bearer ${another}` } } as unknown as typeof event;
    await expect(handler(failing, lambdaContext)).rejects.toThrow('AccessDeniedException');
    expect(written()).toContain('AccessDeniedException');
    expect(written()).not.toContain(another);
    expect(written()).not.toContain(key);
    expect(written()).not.toContain(hashApiKey(key));
  });
});
