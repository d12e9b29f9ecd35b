import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { generate } from '../../../bench/fleet/shapes';
import { parseTrace, readTrace } from '../../../bench/fleet/trace';
import { mean, percentile } from '../../../bench/figure';

test('a trace is read from a CSV file, ordered by arrival', () => {
  const folder = mkdtempSync(join(tmpdir(), 'fleet-'));
  try {
    const file = join(folder, 'trace.csv');
    writeFileSync(file, 'arrival_s,audio_s\n60.5,120\n0,30.25\n');
    const { jobs, horizon } = readTrace(file);
    expect(jobs).toEqual([
      { arrival: 0, audio: 30.25 },
      { arrival: 60.5, audio: 120 },
    ]);
    expect(horizon).toBe(60.5);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test.each([
  [
    'no file',
    () => readTrace('/no/such.csv'),
    '--trace: cannot read "/no/such.csv" (ENOENT). Name a CSV file.',
  ],
  [
    'no header',
    () => parseTrace('1,2', 'a.csv'),
    'a.csv: the first line must be "arrival_s,audio_s"; got "1,2"',
  ],
  ['no jobs', () => parseTrace('arrival_s,audio_s\n', 'a.csv'), 'has no jobs'],
  [
    'a negative arrival',
    () => parseTrace('arrival_s,audio_s\n1,2\n-1,2', 'a.csv'),
    'line 3 must be an arrival',
  ],
  ['a job without audio', () => parseTrace('arrival_s,audio_s\n1,0', 'a.csv'), 'got "1,0"'],
  ['a text', () => parseTrace('arrival_s,audio_s\n1,long', 'a.csv'), 'got "1,long"'],
  ['an empty field', () => parseTrace('arrival_s,audio_s\n,5', 'a.csv'), 'got ",5"'],
  ['a third field', () => parseTrace('arrival_s,audio_s\n1,5,6', 'a.csv'), 'got "1,5,6"'],
])('%s is refused', (_, read, message) => expect(read).toThrow(message));

/** Mean and median of the length of the example traces, seed 1, and their number of jobs. */
test.each([
  ['sporadic', 420, 1930, 1150],
  ['diurnal', 1500, 1930, 1200],
  ['burst', 430, 2160, 1880],
  ['steady', 1440, 121, 121],
  ['heavy', 600, 1670, 16],
] as const)('%s has %d jobs of %d s, and a median of %d s', (name, count, average, median) => {
  const many = Array.from({ length: 10 }, (_, seed) => generate(name, seed + 1).jobs);
  const lengths = many.flat().map(({ audio }) => audio);
  expect(many.every((jobs) => jobs.length === count)).toBe(true);
  expect(Math.abs(mean(lengths) / average - 1)).toBeLessThan(0.08);
  expect(Math.abs(percentile(lengths, 0.5) / median - 1)).toBeLessThan(0.08);
});

test('tenants: 10,000 files of one, and then a single file of another', () => {
  const { jobs } = generate('tenants', 1);
  expect(jobs.filter(({ tenant }) => tenant === 'busy')).toHaveLength(10_000);
  expect(jobs.filter(({ tenant }) => tenant !== 'busy')).toEqual([
    { arrival: 1, audio: 1200, tenant: 'quiet' },
  ]);
  expect(jobs.at(-1)?.tenant).toBe('quiet');
});

test('the same seed gives the same trace, another seed another one', () => {
  expect(generate('steady', 1)).toEqual(generate('steady', 1));
  expect(generate('steady', 1)).not.toEqual(generate('steady', 2));
});

test('a working day has its peaks before and after noon', () => {
  const hours = generate('diurnal', 1).jobs.map(({ arrival }) => Math.floor(arrival / 3600) % 24);
  const at = (hour: number) => hours.filter((each) => each === hour).length;
  expect(at(10)).toBeGreaterThan(at(12));
  expect(at(13)).toBeGreaterThan(at(12));
  expect(at(10)).toBeGreaterThan(10 * at(3));
});

test('arrivals are ordered and within the horizon', () => {
  const { jobs, horizon } = generate('diurnal', 3);
  const times = jobs.map(({ arrival }) => arrival);
  expect(times).toEqual([...times].sort((one, other) => one - other));
  expect(times.at(-1)).toBeLessThan(horizon);
});
