import { table } from '../../../bench/figure';
import { tasksFigures, throughputFigures } from '../../../bench/models/voxtral';

const found = { shapes: 'a shape', windows: 8, tokens: 800, batched: [4, 5, 50], looped: [21, 20, 19] };

test('compares medians of tokens per second; the ratio is above 1 if batches are faster', () => {
  expect(throughputFigures(found).map(({ value, unit }) => [value, unit])).toEqual([
    [4, '×'],
    [160, 'tokens/s'],
    [40, 'tokens/s'],
  ]);
});

test('names the measured shape', () => {
  expect(table(throughputFigures(found))).toContain('8 windows in batches (a shape) | 160.0 tokens/s |');
});

test('compares prompts about one window with one by one, and with different windows', () => {
  const ways = { single: [30, 31, 90], apart: [20, 20, 20], shared: [9, 10, 11] };
  expect(
    tasksFigures({ shapes: 'a shape', prompts: 6, ...ways }).map(({ value, unit, least }) => [
      Number(value.toFixed(2)),
      unit,
      least,
    ]),
  ).toEqual([
    [3.1, '×', 3],
    [1.55, '×', undefined],
    [36, 'prompts/min', undefined],
    [11.61, 'prompts/min', undefined],
  ]);
});
