import { secondsLeft, secondsUntilDone, secondsUntilRetry } from '../../../lambda/openai/when-done';
import { NOW, row } from '../../support/support';

/** Work for a minute of speech on the original system. */
const MINUTE = 60 / 13;
const ago = (seconds: number) => new Date(NOW.getTime() - seconds * 1000).toISOString();

describe('a new job is done', () => {
  test('after the start of a machine, if none is running', () => {
    expect(secondsUntilDone(MINUTE, 'asleep')).toBe(180 + 10);
  });

  test('after other requests, if no machine has capacity', () => {
    expect(secondsUntilDone(MINUTE, 'busy')).toBe(30 + 10);
  });

  test('after its own work, if no machine was asked', () => {
    expect(secondsUntilDone(MINUTE, 'not asked')).toBe(10);
    expect(secondsUntilDone(0, 'not asked')).toBe(5);
  });

  test('no sooner than the time that a slow machine has already spent', () => {
    expect(secondsUntilDone(MINUTE, 'late', 25)).toBe(30);
    expect(secondsUntilDone(10 * MINUTE, 'late', 25)).toBe(52);
  });
});

describe('an open job should be requested', () => {
  test.each([
    ['after the same time again at half of the progress', { started_at: ago(20), progress: 0.5 }, 20],
    ['after the rest of its work', { started_at: ago(27), progress: 0.9 }, 3],
    ['soon after it has started', { started_at: ago(1), progress: 0 }, 5],
    ['no sooner than in 2 s', { started_at: ago(10), progress: 1 }, 2],
    ['no later than in a minute', { started_at: ago(600), progress: 0.01 }, 59],
    ['no later than in a minute while a machine starts', { queued_at: ago(5) }, 59],
    ['when the machine should be running', { queued_at: ago(150) }, 30],
    ['soon if it is long overdue', { queued_at: ago(4000) }, 2],
    ['by its creation time while its audio is uploaded', { created_at: ago(170) }, 10],
  ])('%s', (_, change, seconds) => {
    expect(secondsLeft(row(change), NOW)).toBe(seconds);
  });
});

describe('a recording whose job is open should be sent again', () => {
  const retry = (change: Parameters<typeof row>[0], machines: Parameters<typeof secondsUntilRetry>[1]) =>
    secondsUntilRetry(row(change), machines, NOW);

  test('when a machine has started, within the clients’ limit', () => {
    expect(retry({ queued_at: ago(27) }, 'asleep')).toBe(59);
    expect(retry({ queued_at: ago(130) }, 'asleep')).toBe(36);
  });

  test('after half of the time that it has waited, so that few retries are enough', () => {
    expect(retry({ queued_at: ago(27) }, 'busy')).toBe(14);
    expect(retry({ queued_at: ago(70) }, 'not asked')).toBe(35);
    expect(retry({ queued_at: ago(1000) }, 'not asked')).toBe(59);
  });

  test('shortly before it is done, once it has started', () => {
    expect(retry({ started_at: ago(40), progress: 0.5 }, 'not asked')).toBe(26);
    expect(retry({ started_at: ago(2), progress: 0 }, 'asleep')).toBe(2);
  });
});
