import {
  apiHourCost,
  charactersCost,
  charactersOfApiCost,
  speechHourCost,
} from '../../../core/prices/speaking';

const SPEAKING = { perHour: 0.2, realTimeFactor: 20, charactersPerSecond: 15 };

test('an hour of speech takes a twentieth of an hour at 20 times real time', () => {
  expect(speechHourCost(SPEAKING)).toBeCloseTo(0.01);
});

test('a million characters are 18.5 hours of speech', () => {
  expect(charactersCost(SPEAKING)).toBeCloseTo((0.01 * 1e6) / 54_000);
});

test('an API at $15 for a million characters takes $0.81 for an hour of 54,000 characters', () => {
  expect(apiHourCost(15, 15)).toBeCloseTo(0.81);
});

test('at the characters of equal cost both cost the same', () => {
  const characters = charactersOfApiCost(0.03, SPEAKING, 15)!;
  expect(0.03 + (charactersCost(SPEAKING) * characters) / 1e6).toBeCloseTo((15 * characters) / 1e6);
});

test('a machine that costs more for a character never becomes cheaper', () => {
  expect(charactersOfApiCost(0, { ...SPEAKING, realTimeFactor: 0.2 }, 15)).toBeUndefined();
});
