import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient, GetCommand } from '@aws-sdk/lib-dynamodb';
import { mockClient } from 'aws-sdk-client-mock';
import {
  dayOf,
  added,
  limitsOf,
  type Quota,
  quotaHeaders,
  resetOf,
  secondsUntilReset,
  usageOf,
  usedUp,
  usedUpHeaders,
  usedUpMessage,
} from '../../../core/usage/quota';
import { UsageStore } from '../../../core/usage/usage-store';
import { NOW, NOW_SECONDS, TABLE } from '../../support/support';

const LAST = new Date('2026-12-31T23:59:59.999Z');
const FIRST = new Date('2027-01-01T00:00:00.000Z');

const quotaOf = (limit: number | undefined, seconds: number): Quota => ({
  limits: limit === undefined ? {} : { audio_second: limit },
  used: { audio_second: seconds },
});

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
    expect(limitsOf({ minutes_per_day }, byDefault)).toEqual(
      seconds === undefined ? {} : { audio_second: seconds },
    );
  });

  test.each([
    [60, 59.999, false],
    [60, 60, true],
    [60, 600, true],
    [0, 0, true],
    [undefined, 1e9, false],
  ])('of %p s is used up by %p s: %p', (limit, seconds, expected) => {
    const quota = quotaOf(limit, seconds);
    expect(usedUp(quota, ['audio_second'])).toBe(expected ? 'audio_second' : undefined);
  });

  test('of another unit is the key’s own, and used up independently of the audio', () => {
    const limits = limitsOf({ minutes_per_day: 1, units_per_day: { token: 1000 } });
    expect(limits).toEqual({ audio_second: 60, token: 1000 });
    const quota = { limits, used: { audio_second: 10, token: 1000 } };
    expect(usedUp(quota, ['audio_second'])).toBeUndefined();
    expect(usedUp(quota, ['audio_second', 'token'])).toBe('token');
    expect(usedUp(quota, ['character'])).toBeUndefined();
  });
});

describe('the remaining quota', () => {
  test('is in headers, in whole seconds, rounded down', () => {
    expect(quotaHeaders(quotaOf(600, 12.3), NOW)).toEqual({
      'x-ratelimit-limit-audio-seconds': '600',
      'x-ratelimit-remaining-audio-seconds': '587',
      'x-ratelimit-reset-audio-seconds': '43200s',
    });
  });

  test('is not in headers without a limit', () => {
    expect(quotaHeaders(quotaOf(undefined, 12), NOW)).toEqual({});
  });

  test('is never negative', () => {
    expect(usageOf(quotaOf(60, 90), NOW)).toEqual({
      object: 'usage',
      day: '2026-03-01',
      limit_seconds: 60,
      used_seconds: 90,
      remaining_seconds: 0,
      units: { audio_second: { limit: 60, used: 90, remaining: 0 } },
      resets_at: '2026-03-02T00:00:00.000Z',
    });
  });

  test('has no rounding errors of binary fractions', () => {
    expect(usageOf(quotaOf(0.3, 0.1), NOW).remaining_seconds).toBe(0.2);
  });

  test('is null without a limit, but the usage is counted', () => {
    const usage = usageOf(quotaOf(undefined, 90), NOW);
    expect(usage).toMatchObject({ limit_seconds: null, used_seconds: 90, remaining_seconds: null });
  });
});

test('the message of a used-up quota has the limit, the time of the reset and the remedy', () => {
  expect(usedUpMessage(quotaOf(600, 615), 'audio_second', NOW)).toBe(
    "This key's quota of 10 minutes of audio per day is used up (10.3 used). It resets at " +
      '2026-03-02T00:00:00.000Z. The administrator who created the key can raise it',
  );
  const tokens = { limits: { token: 1_000_000 }, used: { token: 1_200_000 } };
  expect(usedUpMessage(tokens, 'token', NOW)).toMatch(
    /quota of 1000000 tokens per day is used up \(1200000 used\)/,
  );
  expect(usedUpHeaders(NOW)).toEqual({ 'retry-after': '43200', 'x-should-retry': 'false' });
});

test('usage is added by unit', () => {
  expect(added({ audio_second: 1 }, { audio_second: 2, token: 3 })).toEqual({ audio_second: 3, token: 3 });
});

describe('the counters', () => {
  const dynamo = mockClient(DynamoDBDocumentClient);
  const store = new UsageStore(DynamoDBDocumentClient.from(new DynamoDBClient()), TABLE);
  beforeEach(() => dynamo.reset());

  test('are read with strong consistency; a missing one is left out', async () => {
    dynamo
      .on(GetCommand)
      .resolvesOnce({})
      .resolves({ Item: { seconds: 12.5, tokens: 7 } });
    expect(await store.used('key_1', NOW)).toEqual({});
    expect(await store.used('key_1', NOW)).toEqual({ audio_second: 12.5, token: 7 });
    expect(dynamo.commandCalls(GetCommand)[0]!.args[0].input).toEqual({
      TableName: TABLE,
      Key: { id: 'usage#key_1#2026-03-01' },
      ConsistentRead: true,
    });
  });

  test('are incremented by the table, and expire after a week', () => {
    expect(store.addition('key_1', { audio_second: 12.5, token: 7 }, NOW)).toEqual({
      TableName: TABLE,
      Key: { id: 'usage#key_1#2026-03-01' },
      UpdateExpression:
        'SET expires_at = if_not_exists(expires_at, :until) ADD #seconds :audio_second, #tokens :token',
      ExpressionAttributeNames: { '#seconds': 'seconds', '#tokens': 'tokens' },
      ExpressionAttributeValues: { ':audio_second': 12.5, ':token': 7, ':until': NOW_SECONDS + 8 * 86_400 },
    });
  });

  test('are unchanged by work without a measure', () => {
    expect(store.addition('key_1', {}, NOW)).toMatchObject({
      UpdateExpression: 'SET expires_at = if_not_exists(expires_at, :until)',
      ExpressionAttributeValues: { ':until': NOW_SECONDS + 8 * 86_400 },
    });
  });
});
