import { table } from '../../../bench/figure';
import { throughputFigures } from '../../../bench/models/voxtral';

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
