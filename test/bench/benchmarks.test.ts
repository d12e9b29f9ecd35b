import { named } from '../../bench/benchmark';
import { BENCHMARKS } from '../../bench/benchmarks';

const names = (wanted: string) => named(BENCHMARKS, wanted).map(({ name }) => name);

test('benchmarks have unique names', () => {
  const all = BENCHMARKS.map(({ name }) => name);
  expect(new Set(all).size).toBe(all.length);
});

test('one word selects all benchmarks of a service, or of both models', () => {
  expect(names('whisper')).toEqual([
    'whisper-throughput',
    'whisper-load',
    'whisper-memory',
    'whisper-threads',
    'whisper-diarization',
  ]);
  expect(names('hybrid')).toEqual(['hybrid-transcript', 'hybrid-total', 'hybrid-shared-device']);
  expect(names('voxtral')).toEqual(['voxtral-throughput', 'voxtral-tasks']);
});
