import { isOver, median, table } from '../../bench/figure';

describe('median', () => {
  test.each([
    [[7], 7],
    [[9, 1, 5], 5],
    [[10, 1, 2, 4], 3],
  ])('of %j is %d', (values, expected) => {
    expect(median(values)).toBe(expected);
  });

  test('of nothing is refused: nothing was measured', () => {
    expect(() => median([])).toThrow('no values');
  });
});

describe('table', () => {
  const figures = [
    { name: 'wake', value: 2, unit: 's', target: 2 },
    { name: 'synth', value: 2.504, unit: '×', target: 2.5 },
    { name: 'part', value: 12.6, unit: 'ms' },
  ] as const;

  test('says what is over its target, and nothing of what has none', () => {
    expect(table(figures)).toBe(
      [
        '| figure |  value |  target |      |',
        '| ------ | -----: | ------: | ---- |',
        '| wake   | 2.00 s |   ≤ 2 s | ok   |',
        '| synth  | 2.50 × | ≤ 2.5 × | over |',
        '| part   |  13 ms |         |      |',
      ].join('\n'),
    );
  });

  test('a value at its target is good enough', () => {
    expect(figures.filter(isOver).map(({ name }) => name)).toEqual(['synth']);
  });
});
