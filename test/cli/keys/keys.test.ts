import { createHash } from 'node:crypto';
import {
  CloudFormationClient,
  CloudFormationServiceException,
  DescribeStacksCommand,
} from '@aws-sdk/client-cloudformation';
import { DynamoDBDocumentClient, PutCommand, ScanCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { mockClient } from 'aws-sdk-client-mock';
import { authorize } from '../../../lambda/api/authorize';
import { findKey } from '../../../core/keys/find-key';
import { KeyCache } from '../../../core/keys/key-cache';
import { quietTools } from '../../support/support';
import type { KeyRow } from '../../../core/contract/usage';
import { callCli } from '../run-cli';

const stacks = mockClient(CloudFormationClient);
const table = mockClient(DynamoDBDocumentClient);

const stack = (name: string, ...outputs: string[]) => ({
  StackName: name,
  CreationTime: new Date(),
  StackStatus: 'CREATE_COMPLETE' as const,
  Outputs: outputs.map((key) => ({ OutputKey: key, OutputValue: `${name}-${key}` })),
});
const foundation = stack('Spotscribe-Foundation', 'VpcId');
const path = stack('Spotscribe-DockerGpu', 'KeysTableName', 'ApiUrl');

const row: KeyRow = {
  key_sha256: 'a'.repeat(64),
  id: 'key_1',
  tenant: 'default',
  name: 'laptop',
  created_at: '2026-11-01T00:00:00.000Z',
};

beforeEach(() => {
  stacks.reset();
  table.reset();
  stacks.on(DescribeStacksCommand).resolves({ Stacks: [foundation, path, stack('Other', 'KeysTableName')] });
  table.on(ScanCommand).resolves({ Items: [row] });
});

test('creates a key that the API accepts, prints it and stores only its hash', async () => {
  const { code, out, err } = await callCli(['keys', 'create', '--tenant', 'acme', '--name', 'laptop']);
  expect(code).toBe(0);
  expect(out).toMatch(/^sk-spotscribe-[\w-]{43}\n$/);
  expect(err).toMatch(
    /^This is key_[0-9a-f]{12} of tenant "acme"\. Save the key now: it cannot be shown again\.\n$/,
  );
  const input = table.commandCalls(PutCommand)[0]?.args[0].input;
  expect(input).toMatchObject({
    TableName: 'Spotscribe-DockerGpu-KeysTableName',
    Item: {
      key_sha256: createHash('sha256').update(out.trim()).digest('hex'),
      id: expect.any(String),
      tenant: 'acme',
      name: 'laptop',
      created_at: expect.any(String),
    },
  });
  expect(JSON.stringify(input)).not.toContain(out.trim());
  const client = { send: async () => ({ Item: input?.Item }) } as unknown as DynamoDBDocumentClient;
  const answer = await authorize(
    { headers: { authorization: `Bearer ${out.trim()}` } },
    { keys: new KeyCache({ find: (sha256) => findKey(client, 'T', sha256) }) },
    quietTools(),
  );
  expect(answer).toMatchObject({ isAuthorized: true, context: { tenant: 'acme' } });
});

test('prints the key as one JSON document', async () => {
  const { out, err } = await callCli(['keys', 'create', '--json']);
  expect(JSON.parse(out)).toMatchObject({ key: expect.stringMatching(/^sk-/), tenant: 'default', name: '' });
  expect(err).toBe('');
});

test('lists keys of all pages, oldest first, without their hashes', async () => {
  const newer = {
    ...row,
    id: 'key_2',
    created_at: '2026-11-02T00:00:00.000Z',
    revoked_at: '2026-11-03T00:00:00.000Z',
  };
  table
    .on(ScanCommand)
    .resolvesOnce({ Items: [newer], LastEvaluatedKey: { key_sha256: 'b' } })
    .resolves({ Items: [row] });
  const { out } = await callCli(['keys', 'list', '--json']);
  expect(JSON.parse(out).data.map(({ id }: KeyRow) => id)).toEqual(['key_1', 'key_2']);
  expect(out).not.toContain('key_sha256');
  const text = (await callCli(['keys', 'list'])).out;
  expect(text).toMatch(
    /^ID +TENANT +CREATED +REVOKED +MINUTES\/DAY +OTHER\/DAY +NAME\nkey_1 +default +2026-11-01T00:00:00.000Z +laptop\n$/,
  );
});

test('revokes a key by its id, and only once', async () => {
  expect(await callCli(['keys', 'revoke', 'key_1'])).toMatchObject({ code: 0, err: 'Revoked key_1\n' });
  expect(table.commandCalls(UpdateCommand)[0]?.args[0].input).toMatchObject({
    Key: { key_sha256: row.key_sha256 },
    UpdateExpression: 'SET revoked_at = if_not_exists(revoked_at, :now)',
    ConditionExpression: 'attribute_exists(key_sha256)',
  });
  table.on(ScanCommand).resolves({ Items: [{ ...row, revoked_at: '2026-11-03T00:00:00.000Z' }] });
  expect((await callCli(['keys', 'revoke', 'key_1'])).code).toBe(0);
  expect(table.commandCalls(UpdateCommand)).toHaveLength(1);
  const { code, err } = await callCli(['keys', 'revoke', 'key_9']);
  expect({ code, err }).toMatchObject({
    code: 1,
    err: expect.stringContaining('The key key_9 does not exist'),
  });
});

test.each([
  ['12.5', 12.5, '12.5'],
  ['0', 0, '0'],
  ['none', null, 'none'],
  ['default', undefined, ''],
])('creates a key with a quota: %s', async (given, stored, shown) => {
  const { code } = await callCli(['keys', 'create', '--minutes-per-day', given]);
  expect(code).toBe(0);
  const item = table.commandCalls(PutCommand)[0]!.args[0].input.Item as KeyRow;
  expect(item.minutes_per_day).toBe(stored);
  table.on(ScanCommand).resolves({ Items: [{ ...row, minutes_per_day: stored }] });
  const [, line = ''] = (await callCli(['keys', 'list'])).out.split('\n');
  expect(line.replace(/ +/g, ' ')).toBe(`key_1 default ${row.created_at} ${shown}${shown && ' '}laptop`);
});

test.each([
  [
    '30',
    {
      UpdateExpression: 'SET minutes_per_day = :minutes_per_day',
      ExpressionAttributeValues: { ':minutes_per_day': 30 },
    },
  ],
  [
    'none',
    {
      UpdateExpression: 'SET minutes_per_day = :minutes_per_day',
      ExpressionAttributeValues: { ':minutes_per_day': null },
    },
  ],
  ['default', { UpdateExpression: 'REMOVE minutes_per_day' }],
])('changes the quota of a key: %s', async (given, change) => {
  expect(await callCli(['keys', 'set', 'key_1', '--minutes-per-day', given])).toMatchObject({
    code: 0,
    err: 'Changed key_1\n',
  });
  expect(table.commandCalls(UpdateCommand)[0]?.args[0].input).toEqual({
    TableName: 'Spotscribe-DockerGpu-KeysTableName',
    Key: { key_sha256: row.key_sha256 },
    ConditionExpression: 'attribute_exists(key_sha256)',
    ...change,
  });
});

describe('the limits of other units', () => {
  const limits = ['--units-per-day', 'token=1000000,character=500'];

  test('are stored with a new key and listed', async () => {
    expect((await callCli(['keys', 'create', ...limits])).code).toBe(0);
    const item = table.commandCalls(PutCommand)[0]!.args[0].input.Item as KeyRow;
    expect(item.units_per_day).toEqual({ token: 1_000_000, character: 500 });
    expect(item).not.toHaveProperty('minutes_per_day');
    table.on(ScanCommand).resolves({ Items: [item] });
    expect((await callCli(['keys', 'list'])).out).toContain('token=1000000,character=500');
  });

  test('are changed without the minutes, and removed', async () => {
    await callCli(['keys', 'set', 'key_1', ...limits]);
    await callCli(['keys', 'set', 'key_1', '--units-per-day', 'none', '--minutes-per-day', '5']);
    const [change, removal] = table.commandCalls(UpdateCommand).map(({ args }) => args[0].input);
    expect(change).toMatchObject({
      UpdateExpression: 'SET units_per_day = :units_per_day',
      ExpressionAttributeValues: { ':units_per_day': { token: 1_000_000, character: 500 } },
    });
    expect(removal).toMatchObject({
      UpdateExpression: 'SET minutes_per_day = :minutes_per_day REMOVE units_per_day',
      ExpressionAttributeValues: { ':minutes_per_day': 5 },
    });
  });

  test.each(['audio_second=5', 'token', 'token=-1', 'horoscope=1'])(
    'are refused if wrong: %s',
    async (given) => {
      const { code, err } = await callCli(['keys', 'create', '--units-per-day', given]);
      expect(code).toBe(2);
      expect(err).toContain(`"${given}" is not a unit (token, character, item) with its limit`);
    },
  );
});

test('refuses to change an unknown key, and requires an option', async () => {
  const unknown = await callCli(['keys', 'set', 'key_9', '--minutes-per-day', '5']);
  expect(unknown).toMatchObject({ code: 1, err: expect.stringContaining('The key key_9 does not exist') });
  const nothing = await callCli(['keys', 'set', 'key_1']);
  expect(nothing).toMatchObject({ code: 2, err: expect.stringContaining('--minutes-per-day') });
  expect(table.commandCalls(UpdateCommand)).toHaveLength(0);
});

test('uses the named stack, and refuses to choose among several', async () => {
  stacks
    .on(DescribeStacksCommand, { StackName: 'Other' })
    .resolves({ Stacks: [stack('Other', 'KeysTableName')] });
  await callCli(['keys', 'list', '--stack', 'Other']);
  expect(table.commandCalls(ScanCommand)[0]?.args[0].input.TableName).toBe('Other-KeysTableName');
  stacks.on(DescribeStacksCommand).resolves({ Stacks: [path, stack('Spotscribe-Hybrid', 'KeysTableName')] });
  const { code, err } = await callCli(['keys', 'list']);
  expect(code).toBe(2);
  expect(err).toContain('choose one with --stack: Spotscribe-DockerGpu, Spotscribe-Hybrid');
});

const aws = (name: string, message: string) =>
  new CloudFormationServiceException({ name, message, $fault: 'client', $metadata: {} });

test.each([
  ['no stack', undefined, 1, /No Spotscribe stack is deployed.*npx cdk deploy/],
  [
    'no such stack',
    aws('ValidationError', 'Stack with id X does not exist'),
    1,
    /X does not exist.*cdk list/,
  ],
  ['no such bucket', aws('NoSuchBucket', 'The specified bucket does not exist'), 1, /Deploy first.*--bucket/],
  [
    'no credentials',
    named('CredentialsProviderError', 'Could not load'),
    3,
    /credentials are missing.*AWS_PROFILE/,
  ],
  ['expired credentials', aws('ExpiredTokenException', 'expired'), 3, /sign in again/],
  [
    'no permission',
    aws('AccessDenied', 'cloudformation:DescribeStacks'),
    3,
    /lack a permission: cloudformation/,
  ],
  ['no region', named('Error', 'Region is missing'), 2, /AWS_REGION/],
  [
    'no network',
    Object.assign(new Error('connect'), { code: 'ECONNREFUSED' }),
    3,
    /Cannot reach AWS: connect/,
  ],
])('%s ends with a message and no stack trace', async (_case, failure, exitCode, message) => {
  if (failure === undefined) stacks.on(DescribeStacksCommand).resolves({ Stacks: [foundation] });
  else stacks.on(DescribeStacksCommand).rejects(failure);
  const { code, err } = await callCli(['keys', 'list']);
  expect(err).toMatch(message);
  expect(err).not.toMatch(/^\s+at /m);
  expect(code).toBe(exitCode);
});

test.each([
  [['--tenant', 'a b'], /1 to 64 characters: letters/],
  [['--name', 'a\u001b[2J'], /no control characters/],
  [['--minutes-per-day', '-1'], /number from 0 to 1000000, none or default/],
  [['--minutes-per-day', '1e3'], /number from 0 to 1000000, none or default/],
  [['--minutes-per-day', '1000001'], /number from 0 to 1000000, none or default/],
])('keys create %j is refused', async (args, message) => {
  const { code, err } = await callCli(['keys', 'create', ...args]);
  expect({ code, err }).toEqual({ code: 2, err: expect.stringMatching(message) });
  expect(table.commandCalls(PutCommand)).toHaveLength(0);
});

function named(name: string, message: string): Error {
  return Object.assign(new Error(message), { name });
}
