import { NEW_FLEET } from '../../../core/fleet/learning';
import { delayOf, plainMessage, withShortage } from '../../../core/fleet/shortage';

const NOW = Date.parse('2026-03-01T14:03:30Z');
const failure = { message: 'No spot capacity', at: NOW - 1_000 };
const fails = jest.fn(async () => failure);
beforeEach(() => fails.mockClear());

test('the first sizing that sees a machine missing asks for the reason', async () => {
  const fleet = await withShortage(NOW, NEW_FLEET, true, fails);
  expect(fleet).toMatchObject({ short_since: NOW, launch_failure: failure, failures_read_at: NOW });
});

test('AWS is asked once a minute, and the time of the shortage stays', async () => {
  const first = await withShortage(NOW, NEW_FLEET, true, fails);
  const second = await withShortage(NOW + 59_999, first, true, fails);
  expect(second).toEqual(first);
  expect(fails).toHaveBeenCalledTimes(1);
  await withShortage(NOW + 60_000, second, true, fails);
  expect(fails).toHaveBeenCalledTimes(2);
});

test('a complete group is not asked for, and what was known of its shortage is forgotten', async () => {
  const short = await withShortage(NOW, NEW_FLEET, true, fails);
  expect(await withShortage(NOW + 99_999, short, false, fails)).toEqual(NEW_FLEET);
  expect(fails).toHaveBeenCalledTimes(1);
});

test('a failure of an earlier shortage does not count, and one that was found stays', async () => {
  const old = async () => ({ message: 'old', at: NOW - 301_000 });
  expect((await withShortage(NOW, NEW_FLEET, true, old)).launch_failure).toBeUndefined();
  const short = await withShortage(NOW, NEW_FLEET, true, fails);
  const none = async () => undefined;
  expect((await withShortage(NOW + 60_000, short, true, none)).launch_failure).toEqual(failure);
});

test('the reason is one sentence with the time', () => {
  expect(delayOf({ ...NEW_FLEET, short_since: NOW, launch_failure: failure })).toBe(
    'The fleet has lacked machines since 2026-03-01 14:03 UTC. AWS says: No spot capacity',
  );
  expect(delayOf({ ...NEW_FLEET, short_since: NOW })).toBeUndefined();
  expect(delayOf({ ...NEW_FLEET, launch_failure: failure })).toBeUndefined();
});

test('a message of AWS becomes plain text of bounded length', () => {
  expect(plainMessage(' a\u001b[31m\n\tb\u202e ')).toBe('a [31m b');
  expect([...plainMessage('🙂'.repeat(999))]).toHaveLength(300);
});
