import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { compare, type Result } from '../../../bench/fleet/compare';
import { command, type CommandOptions } from '../../../bench/fleet/options';
import { writePlots } from '../../../bench/fleet/report/plots';
import { table } from '../../../bench/fleet/report/table';
import { targetLines } from '../../../bench/fleet/report/targets';
import type { Trace } from '../../../bench/fleet/trace';

const result = (shape: string, policy: Result['policy'], changes: Partial<Result>): Result => ({
  ...{ shape, policy, ratio: 1, p95Wait: 240, machineSeconds: 100, boundSeconds: 100, launches: 1 },
  ...{ interruptions: 0, redoneShare: 0.002, busyShare: 0.3, ...changes },
});
const RESULTS = [
  result('sporadic', 'list-scheduling', { ratio: 1.15 }),
  result('heavy', 'list-scheduling', { ratio: 1.35 }),
  result('sporadic', 'managed-scaling', { ratio: 7, p95Wait: 296.4, machineSeconds: 610 }),
  result('sporadic', 'always-one', { machineSeconds: 90 }),
  result('heavy', 'always-one', { machineSeconds: 90, busyShare: 0.5 }),
];

test('the table has a row for each policy and a column for each shape', () => {
  expect(table(RESULTS).split('\n')).toEqual([
    '| ratio / p95 wait in s | sporadic   | heavy      |',
    '| --------------------- | ---------- | ---------- |',
    '| list-scheduling       | 1.15 / 240 | 1.35 / 240 |',
    '| managed-scaling       | 7.00 / 296 | –          |',
    '| always-one            | 1.00 / 240 | 1.00 / 240 |',
  ]);
});

test('each target is met or missed by an amount', () => {
  expect(targetLines(RESULTS, 240).split('\n')).toEqual([
    'met    by 0.150: sporadic: ratio 1.150, at most 1.300',
    'MISSED by 0.050: heavy: ratio 1.350, at most 1.300',
    'MISSED by 0.050: mean ratio 1.250, at most 1.200',
    'met    by 0.100: sporadic: cost of managed scaling 6.100, at least 6',
    'met    by 56: sporadic: p95 wait, seconds 240, at most 296',
    'MISSED by 0.100: sporadic: cost of one machine 0.900, at least 1',
    'met    by 0.008: sporadic: share of audio done twice 0.002, at most 0.010',
    'met    by 0.008: heavy: share of audio done twice 0.002, at most 0.010',
  ]);
});

const TRACE: Trace = { name: 'mine.csv', jobs: [{ arrival: 0, audio: 280 }], horizon: 0 };

test('policies are compared with the bound of their own wait', () => {
  const said: string[] = [];
  const [ours, managed] = compare(
    {
      ...{ sources: [TRACE], policies: ['list-scheduling', 'managed-scaling'], seeds: 2 },
      ...{ world: { interruptionHours: Infinity }, tuning: { idleSeconds: 30 } },
    },
    (text) => said.push(text),
  );
  expect(ours).toMatchObject({ shape: 'mine.csv', p95Wait: 240, machineSeconds: 250, boundSeconds: 220 });
  expect(managed).toMatchObject({ p95Wait: 240, launches: 2 });
  expect(said).toEqual(['mine.csv, seed 1 of 2', 'mine.csv, seed 2 of 2']);
});

test('the wait of a quiet tenant has a target beside the boot', () => {
  const quiet = [result('tenants', 'list-scheduling', { quietWait: 130 })];
  expect(targetLines(quiet, 90)).toContain(
    'met    by 20.000: tenants: wait of the quiet tenant, seconds 130, at most 150',
  );
  expect(targetLines(quiet, 60)).toContain(
    'MISSED by 10.000: tenants: wait of the quiet tenant, seconds 130',
  );
});

test('the longest wait of a quiet tenant is a result', () => {
  const jobs = [
    { arrival: 0, audio: 280, tenant: 'busy' },
    { arrival: 5, audio: 280, tenant: 'quiet' },
  ];
  const [ours] = compare(
    {
      ...{ sources: [{ ...TRACE, jobs }], policies: ['always-one'], seeds: 1, tuning: {} },
      world: { interruptionHours: Infinity },
    },
    () => undefined,
  );
  expect(ours?.quietWait).toBe(245);
});

test('plots are written', () => {
  const folder = mkdtempSync(join(tmpdir(), 'fleet-'));
  try {
    writePlots(join(folder, 'new'), RESULTS);
    expect(readdirSync(join(folder, 'new')).sort()).toEqual(['day.svg', 'ratios.svg']);
    const svg = readFileSync(join(folder, 'new', 'ratios.svg'), 'utf8');
    expect(svg).toContain('>1.4</text>');
    expect(svg).not.toContain('NaN');
  } finally {
    rmSync(folder, { recursive: true });
  }
});

const parsed = (...flags: string[]) => command().parse(flags, { from: 'user' }).opts<CommandOptions>();

test('options have defaults', () => {
  expect(parsed('--no-fair').fair).toBe(false);
  expect(parsed()).toMatchObject({ fair: true, boot: 240, speed: 40, seeds: 3 });
  expect(parsed('--shape', 'heavy,burst', '--boot', '90')).toMatchObject({
    shape: ['heavy', 'burst'],
    boot: 90,
  });
});

test.each([
  [['--boot', 'fast'], '--boot must be a number of at least 1; got "fast". For example, use --boot 240.'],
  [['--seeds', '1.5'], '--seeds must be a whole number from 1 to 1000; got "1.5".'],
  [['--dead', '2'], '--dead must be a number from 0 to 0.9; got "2".'],
  [['--shape', 'heavy,flat'], '--shape: "flat" is unknown. Use one or more of sporadic, diurnal,'],
  [['--policy', ''], '--policy: "" is unknown. Use one or more of list-scheduling,'],
])('%j is refused', (flags, message) => expect(() => parsed(...flags)).toThrow(message));
