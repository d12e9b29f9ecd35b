import { misses } from '../../../bench/figure';
import { threadsFigures } from '../../../bench/models/threads';

const rounds = (unbounded: number[], bounded: number[]) => ({ unbounded, bounded });
const found = {
  ...{ audio: 180, processors: 2 },
  rest: { wall: rounds([40, 42], [50]), processor: rounds([80], [50]) },
  load: { wall: rounds([150, 100, 90], [80]), processor: rounds([120], [48]) },
};

test('compares medians of both ways; the ratio is above 1 if the bound is faster', () => {
  const figures = threadsFigures(found);
  expect(figures.map(({ value }) => value)).toEqual([1.25, 2.5, 0.82, 1.6, 80, 100, 50, 41]);
  expect(figures.filter(misses)).toEqual([]);
});

test('misses its target where the bound makes the service slower under load', () => {
  const load = { ...found.load, wall: rounds([79], [80]) };
  expect(threadsFigures({ ...found, load }).filter(misses)).toMatchObject([
    { name: 'threads: bounded beside unbounded, under load (2 processors)' },
  ]);
});
