import { billedSeconds, doneAudio, jobSeconds } from '../../../bench/fleet/machine';
import { percentile, rank } from '../../../bench/figure';

test('a machine is billed from 30 s after its request', () => {
  expect(billedSeconds(100, 400)).toBe(270);
  expect(billedSeconds(100, 120)).toBe(0);
});

test('a job takes 3 s and its audio by the speed', () => expect(jobSeconds(400, 40)).toBe(13));

test.each([
  [0, 0],
  [3, 0],
  [4.4, 0],
  [4.5, 60],
  [6, 120],
  [7.4, 120],
])('after %d s of work, an interrupted job keeps %d s of audio', (worked, kept) => {
  expect(doneAudio(worked, 40)).toEqual({ done: Math.max(0, worked - 3) * 40, kept });
});

test('the percentile is by nearest rank', () => {
  const twenty = Array.from({ length: 20 }, (_, index) => 20 - index);
  expect(percentile(twenty, 0.95)).toBe(19);
  expect(percentile([7], 0.95)).toBe(7);
  expect(rank(420, 0.95)).toBe(399);
  expect(() => percentile([], 0.95)).toThrow('without values');
});
