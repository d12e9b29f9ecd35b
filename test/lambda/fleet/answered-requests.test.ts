import { requestsInFlight, secondsSinceAnswer } from '../../../lambda/fleet/answered-requests';

/** An instant in the middle of a minute. */
const NOW = 1_000 * 60 + 30;
/** A minute that ended so many minutes before the one that goes on. */
const minute = (ago: number, seconds: number) => ({ start: (1_000 - 1 - ago) * 60, seconds });

describe('requests in flight', () => {
  test('are 0 without answers', () => {
    expect(requestsInFlight([], NOW, 300)).toBe(0);
  });

  test('count no longer than a machine stays idle, but for two minutes at least', () => {
    const before = (ago: number) => requestsInFlight([minute(ago, 60)], NOW, 10);
    expect([before(1), before(2)]).toEqual([1, 0]);
    expect(requestsInFlight([minute(3, 60)], NOW, 240)).toBe(1);
  });

  test('are the total response time in a minute, in minutes: ten answers of 3 s are one half', () => {
    expect(requestsInFlight([minute(0, 10 * 3)], NOW, 300)).toBe(0.5);
  });

  test('are those of the busiest minute, because the newest may be incomplete', () => {
    expect(requestsInFlight([minute(0, 6), minute(1, 240), minute(2, 120)], NOW, 300)).toBe(4);
  });

  test('count for five minutes', () => {
    expect(requestsInFlight([minute(4, 60)], NOW, 300)).toBe(1);
    expect(requestsInFlight([minute(5, 60)], NOW, 300)).toBe(0);
  });

  test('do not depend on the order of the minutes', () => {
    const minutes = [minute(6, 600), minute(3, 30), minute(1, 90)];
    expect(requestsInFlight(minutes, NOW, 300)).toBe(requestsInFlight(minutes.toReversed(), NOW, 300));
  });
});

describe('the time since the last answer', () => {
  test('counts from the end of its minute', () => {
    expect(secondsSinceAnswer([minute(20, 1).start, minute(2, 1).start], NOW)).toBe(150);
  });

  test('is infinite without an answer', () => {
    expect(secondsSinceAnswer([], NOW)).toBe(Infinity);
  });
});
