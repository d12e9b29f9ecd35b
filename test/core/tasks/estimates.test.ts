import { estimateOf, needsDuration, reservationOf } from '../../../core/tasks/estimates';

const HOUR = 3600;

test.each([
  ['audio by its duration', 'audio_second', { bytes: 1e6, seconds: 62.5 }, 62.5],
  ['audio by the longest that is accepted', 'audio_second', { bytes: 1e9, seconds: 1e6 }, HOUR],
  ['tokens by bytes', 'token', { bytes: 4001 }, 1001],
  ['characters by bytes', 'character', { bytes: 500 }, 500],
  ['items by their number', 'item', { bytes: 500 }, 1],
] as const)('estimates %s', (_, unit, size, expected) => {
  expect(estimateOf([unit], size, HOUR)).toEqual({ [unit]: expected });
});

test('estimates no audio whose duration is unknown, but reserves by bytes', () => {
  expect(estimateOf(['audio_second'], { bytes: 160_000 }, HOUR)).toBeUndefined();
  expect(estimateOf(['audio_second', 'item'], { bytes: 160_000 }, HOUR)).toEqual({ item: 1 });
  expect(reservationOf(['audio_second'], 160_000, undefined, HOUR)).toEqual({ audio_second: 10 });
  expect(reservationOf(['audio_second'], 1e12, undefined, HOUR)).toEqual({ audio_second: HOUR });
});

test('reserves the estimate', () => {
  expect(reservationOf(['audio_second', 'token'], 400, { audio_second: 7 }, HOUR)).toEqual({
    audio_second: 7,
    token: 100,
  });
});

test('needs the duration for audio only', () => {
  expect([needsDuration(['token', 'item']), needsDuration(['token', 'audio_second'])]).toEqual([false, true]);
});
