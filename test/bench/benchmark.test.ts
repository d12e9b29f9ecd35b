import { type Benchmark, named } from '../../bench/benchmark';

const benchmarks: Benchmark[] = ['worker', 'whisper-load', 'whisper-memory', 'whispers'].map((name) => ({
  name,
  run: () => Promise.resolve([]),
}));

test.each([
  ['worker', ['worker']],
  ['whisper', ['whisper-load', 'whisper-memory']],
  ['whisper-load', ['whisper-load']],
  ['work', []],
])('%s stands for %j', (wanted, expected) => {
  expect(named(benchmarks, wanted).map(({ name }) => name)).toEqual(expected);
});
