import { type Figure, median, misses, percentile, table } from '../../bench/figure';

describe('median', () => {
  test.each([
    [[7], 7],
    [[9, 1, 5], 5],
    [[10, 1, 2, 4], 3],
  ])('of %j is %d', (values, expected) => {
    expect(median(values)).toBe(expected);
  });

  test('without values throws: nothing was measured', () => {
    expect(() => median([])).toThrow('without values');
  });
});

describe('percentile', () => {
  const hundred = Array.from({ length: 100 }, (_, i) => 100 - i);

  test.each([
    [hundred, 0.99, 99],
    [hundred, 1, 100],
    [hundred, 0.5, 50],
    [[3, 1, 2], 0.99, 3],
    [[7], 0.01, 7],
  ])('of %j at %d is %d', (values, share, expected) => {
    expect(percentile(values, share)).toBe(expected);
  });

  test('without values throws', () => {
    expect(() => percentile([], 0.99)).toThrow('without values');
  });
});

describe('table', () => {
  const figures: Figure[] = [
    { name: 'wake', value: 2, unit: 's', target: 2 },
    { name: 'synth', value: 2.504, unit: '×', target: 2.5 },
    { name: 'whisper', value: 0.97, unit: '×', least: 0.97 },
    { name: 'load', value: 0.949, unit: '×', least: 0.95 },
    { name: 'part', value: 12.6, unit: 'ms' },
  ];

  test('marks figures that miss their target, and leaves those without target empty', () => {
    expect(table(figures)).toBe(
      [
        '| figure  |  value |   target |       |',
        '| ------- | -----: | -------: | ----- |',
        '| wake    | 2.00 s |    ≤ 2 s | ok    |',
        '| synth   | 2.50 × |  ≤ 2.5 × | over  |',
        '| whisper | 0.97 × | ≥ 0.97 × | ok    |',
        '| load    | 0.95 × | ≥ 0.95 × | under |',
        '| part    |  13 ms |          |       |',
      ].join('\n'),
    );
  });

  test('accepts a value at its target', () => {
    expect(figures.filter(misses).map(({ name }) => name)).toEqual(['synth', 'load']);
  });
});
