import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient, GetCommand } from '@aws-sdk/lib-dynamodb';
import { mockClient } from 'aws-sdk-client-mock';
import {
  dayOf,
  isUsedUp,
  limitSeconds,
  quotaHeaders,
  resetOf,
  secondsUntilReset,
  usageOf,
  usedUpHeaders,
  usedUpMessage,
} from '../../../core/usage/quota';
import { UsageStore } from '../../../core/usage/usage-store';
import { NOW, NOW_SECONDS, TABLE } from '../../support/support';

const LAST = new Date('2026-12-31T23:59:59.999Z');
const FIRST = new Date('2027-01-01T00:00:00.000Z');

describe('a day', () => {
  test('is the UTC day, independent of the local time zone', () => {
    expect(dayOf(new Date('2026-03-01T23:30:00-05:00'))).toBe('2026-03-02');
  });

  test('ends when the next one begins', () => {
    expect([dayOf(LAST), dayOf(FIRST)]).toEqual(['2026-12-31', '2027-01-01']);
    expect(resetOf(LAST)).toEqual(FIRST);
    expect(resetOf(FIRST)).toEqual(new Date('2027-01-02T00:00:00.000Z'));
  });

  test('has a wait until its end that is rounded up and never 0', () => {
    expect(secondsUntilReset(LAST)).toBe(1);
    expect(secondsUntilReset(FIRST)).toBe(86_400);
    expect(secondsUntilReset(new Date('2026-12-31T23:59:58.500Z'))).toBe(2);
  });
});

describe('a limit', () => {
  test.each([
    ['its own number over the default', 10, 5, 600],
    ['its own number without a default', 0.5, undefined, 30],
    ['zero', 0, 5, 0],
    ['the default without its own number', undefined, 5, 300],
    ['no limit without both', undefined, undefined, undefined],
    ['no limit despite the default', null, 5, undefined],
  ])('of a key is %s', (_, minutes_per_day, byDefault, seconds) => {
    expect(limitSeconds({ minutes_per_day }, byDefault)).toBe(seconds);
  });

  test.each([
    [60, 59.999, false],
    [60, 60, true],
    [60, 600, true],
    [0, 0, true],
    [undefined, 1e9, false],
  ])('of %p s is used up by %p s: %p', (limit, usedSeconds, expected) => {
    expect(isUsedUp({ limitSeconds: limit, usedSeconds })).toBe(expected);
  });
});

describe('the remaining quota', () => {
  test('is in headers, in whole seconds, rounded down', () => {
    expect(quotaHeaders({ limitSeconds: 600, usedSeconds: 12.3 }, NOW)).toEqual({
      'x-ratelimit-limit-audio-seconds': '600',
      'x-ratelimit-remaining-audio-seconds': '587',
      'x-ratelimit-reset-audio-seconds': '43200s',
    });
  });

  test('is not in headers without a limit', () => {
    expect(quotaHeaders({ limitSeconds: undefined, usedSeconds: 12 }, NOW)).toEqual({});
  });

  test('is never negative', () => {
    expect(usageOf({ limitSeconds: 60, usedSeconds: 90 }, NOW)).toEqual({
      object: 'usage',
      day: '2026-03-01',
      limit_seconds: 60,
      used_seconds: 90,
      remaining_seconds: 0,
      resets_at: '2026-03-02T00:00:00.000Z',
    });
  });

  test('has no rounding errors of binary fractions', () => {
    expect(usageOf({ limitSeconds: 0.3, usedSeconds: 0.1 }, NOW).remaining_seconds).toBe(0.2);
  });

  test('is null without a limit, but the usage is counted', () => {
    const usage = usageOf({ limitSeconds: undefined, usedSeconds: 90 }, NOW);
    expect(usage).toMatchObject({ limit_seconds: null, used_seconds: 90, remaining_seconds: null });
  });
});

test('the message of a used-up quota has the limit, the time of the reset and the remedy', () => {
  expect(usedUpMessage({ limitSeconds: 600, usedSeconds: 615 }, NOW)).toBe(
    "This key's quota of 10 minutes of audio per day is used up (10.3 used). It resets at " +
      '2026-03-02T00:00:00.000Z. The administrator who created the key can raise it',
  );
  expect(usedUpHeaders(NOW)).toEqual({ 'retry-after': '43200', 'x-should-retry': 'false' });
});

describe('the counters', () => {
  const dynamo = mockClient(DynamoDBDocumentClient);
  const store = new UsageStore(DynamoDBDocumentClient.from(new DynamoDBClient()), TABLE);
  beforeEach(() => dynamo.reset());

  test('are read with strong consistency; a missing one is 0', async () => {
    dynamo
      .on(GetCommand)
      .resolvesOnce({})
      .resolves({ Item: { seconds: 12.5 } });
    expect(await store.used('key_1', NOW)).toBe(0);
    expect(await store.used('key_1', NOW)).toBe(12.5);
    expect(dynamo.commandCalls(GetCommand)[0]!.args[0].input).toEqual({
      TableName: TABLE,
      Key: { id: 'usage#key_1#2026-03-01' },
      ConsistentRead: true,
    });
  });

  test('are incremented by the table, and expire after a week', () => {
    expect(store.addition('key_1', 12.5, NOW)).toEqual({
      TableName: TABLE,
      Key: { id: 'usage#key_1#2026-03-01' },
      UpdateExpression: 'SET expires_at = if_not_exists(expires_at, :until) ADD #seconds :seconds',
      ExpressionAttributeNames: { '#seconds': 'seconds' },
      ExpressionAttributeValues: { ':seconds': 12.5, ':until': NOW_SECONDS + 8 * 86_400 },
    });
  });
});
