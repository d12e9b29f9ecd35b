import { corpusFigures, loadFigures } from '../../../bench/embeddings/embeddings';
import { type Figure, misses } from '../../../bench/figure';

const value = (figures: Figure[], name: string) => figures.find((each) => each.name.includes(name))?.value;
const missed = (figures: Figure[]) => figures.filter(misses).map(({ name }) => name);
const tokens = { fewest: 7, mean: 17.4, most: 31 };

describe('requests at once', () => {
  const found = {
    ...{ requests: 1000, tokens, single: [5, 4, 9], batched: [4, 3.5, 4.5], failed_share: 0 },
    processor: { single: [8, 8.5, 7], batched: [7.2, 7, 7.5] },
  };

  test('are compared by their medians with one request of all texts', () => {
    const figures = loadFigures(found);
    expect(value(figures, '1000 requests at once')).toBeCloseTo(0.8);
    expect(value(figures, 'processor')).toBeCloseTo(0.9);
    expect(missed(figures)).toEqual([]);
    expect(value(figures, 'mean length of the texts (7 to 31)')).toBe(17.4);
  });

  test('are not faster by failing', () => {
    const half = loadFigures({ ...found, single: [2.5], failed_share: 0.5 });
    expect(value(half, '1000 requests at once')).toBeCloseTo(0.8);
  });

  test('miss their target if they take longer, or one fails', () => {
    expect(missed(loadFigures({ ...found, single: [5.1] }))).toEqual([
      expect.stringContaining('at once beside'),
    ]);
    expect(missed(loadFigures({ ...found, single: [4.9], failed_share: 0.001 }))).toEqual([
      'embeddings: … failed',
    ]);
  });
});

describe('a corpus', () => {
  const found = {
    ...{ rows: 100_000, part: 10_000, tokens, bare: [40, 39, 60], service: [40, 41, 39] },
    processor: { bare: [70, 71, 72], service: [72, 71, 73] },
    all: { bare: 400, service: 410 },
    memory: { loaded: 900e6, part: 1000e6, all: 1050e6 },
  };

  test('is compared with the library by the medians, and once with all rows', () => {
    const figures = corpusFigures(found);
    expect(value(figures, 'corpus of 10000 rows')).toBeCloseTo(1);
    expect(value(figures, 'processor')).toBeCloseTo(71 / 72);
    expect(value(figures, 'corpus of 100000 rows')).toBeCloseTo(400 / 410);
    expect(value(figures, '… service')).toBeCloseTo(250);
    expect(value(figures, 'above the loaded model')).toBeCloseTo(150);
    expect(missed(figures)).toEqual([]);
  });

  test('misses its targets if it is slower, or its memory grows with the rows', () => {
    expect(missed(corpusFigures({ ...found, service: [43] }))).toHaveLength(1);
    expect(missed(corpusFigures({ ...found, all: { bare: 400, service: 430 } }))).toHaveLength(1);
    expect(missed(corpusFigures({ ...found, memory: { ...found.memory, all: 1200e6 } }))).toEqual([
      'embeddings: memory of 100000 rows beside 10000',
    ]);
  });
});
