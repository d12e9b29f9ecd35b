import {
  apiCost,
  burstCost,
  burstsOfWarmCost,
  coldStartCost,
  monthCost,
  queryCost,
  type Running,
  type Serving,
  thousandCost,
  tokensOfApiCost,
  tokensPerSecondOfApiCost,
} from '../../../core/prices/queries';

/** An A10G of the original system: paid per second, 30 days, the time between queries is free. */
const a10g = (changes: Partial<Serving> = {}): Serving => ({
  ...{ perHour: 1.1, bootSeconds: 0, idleSeconds: 0, secondsPerQuery: 1, fixedPerMonth: 0, daysAMonth: 30 },
  ...changes,
});
const single: Running = { queriesPerBurst: 1 };

/** Round figures: a dollar per hour, ten minutes of start and idle time. */
const machine = (changes: Partial<Serving> = {}): Serving => ({
  ...{ perHour: 1, bootSeconds: 200, idleSeconds: 399, secondsPerQuery: 1, fixedPerMonth: 0, daysAMonth: 30 },
  ...changes,
});

describe('the figures of the original system', () => {
  it.each([
    [10, 0.0917],
    [100, 0.9167],
    [1000, 9.1667],
  ])('%d queries a day cost $%d a month at one paid second each', (queries, dollars) => {
    expect(monthCost(a10g(), queries, single)).toBeCloseTo(dollars, 4);
  });

  it('leave no dollar for a cold start a day', () => {
    expect(monthCost(a10g({ bootSeconds: 13.6 }), 100, { queriesPerBurst: 100 })).toBeCloseTo(1.0413, 4);
  });

  it('price a cold start of 13.6 s too low', () => {
    expect(coldStartCost(a10g({ bootSeconds: 13.6 }))).toBeCloseTo(0.00416, 5);
    expect(coldStartCost(a10g({ bootSeconds: 4.9 }))).toBeCloseTo(0.0015, 5);
  });

  it('differ by the assumptions, up to 14.6 times above and 43 times below', () => {
    const agreed = monthCost(a10g(), 100, single);
    expect(monthCost(a10g({ bootSeconds: 13.6 }), 100, single) / agreed).toBeCloseTo(14.6);
    expect(agreed / monthCost(a10g({ secondsPerQuery: 0.023 }), 100, single)).toBeCloseTo(43.48);
  });
});

describe('a machine that ends when idle', () => {
  it('is paid for its start, its work and its idle time in each burst', () => {
    expect(burstCost(machine(), 1)).toBeCloseTo(600 / 3600);
    expect(monthCost(machine(), 12, single)).toBeCloseTo(12 * 30 * (600 / 3600));
    expect(monthCost(machine(), 12, { queriesPerBurst: 12 })).toBeCloseTo(30 * (611 / 3600));
  });

  it('runs all day, and no longer, if bursts come within its idle time', () => {
    expect(monthCost(machine(), 143, single)).toBeLessThan(30 * 24);
    expect(monthCost(machine(), 145, single)).toBeCloseTo(30 * 24);
    expect(monthCost(machine(), 5000, single)).toBeCloseTo(30 * 24);
  });

  it('costs nothing without queries, except what is fixed', () => {
    expect(monthCost(machine({ fixedPerMonth: 16.43 }), 0, single)).toBe(16.43);
  });
});

describe('a warm machine', () => {
  it('costs its hours, however many queries come', () => {
    const warm = { warmHoursAWeek: 50 };
    expect(monthCost(machine(), 10, warm)).toBeCloseTo((30 / 7) * 50);
    expect(monthCost(machine(), 1000, warm)).toBe(monthCost(machine(), 10, warm));
    expect(monthCost(machine({ daysAMonth: undefined }), 1, { warmHoursAWeek: 168 })).toBeCloseTo(730.5);
  });

  it('costs as much as 144 bursts a day of ten minutes each', () => {
    expect(burstsOfWarmCost(machine(), 1)).toBeCloseTo(144);
    const [bursts, hours] = [burstsOfWarmCost(machine(), 1, 50), { warmHoursAWeek: 50 }];
    expect(monthCost(machine(), bursts, single)).toBeCloseTo(monthCost(machine(), bursts, hours));
  });
});

test('the cost of 1,000 queries includes everything that is paid in the month', () => {
  const serving = machine({ fixedPerMonth: 3 });
  expect(queryCost(serving)).toBeCloseTo(1 / 3600);
  expect(thousandCost(serving, 1, single)).toBeCloseTo((1000 * (3 + 30 * (600 / 3600))) / 30);
});

test('own machines become cheaper than an API at a number of tokens, or never', () => {
  const fast = { perHour: 0.36, tokensPerSecond: 10_000 }; // $0.01 for a million tokens
  const tokens = tokensOfApiCost(16, fast, 0.02)!;
  expect(tokens).toBeCloseTo(1.6e9);
  expect(16 + (tokens / 1e6) * 0.01).toBeCloseTo(apiCost(tokens, 0.02));
  expect(tokensPerSecondOfApiCost(0.36, 0.02)).toBeCloseTo(5000);
  expect(tokensOfApiCost(16, { ...fast, tokensPerSecond: 5000 }, 0.02)).toBeUndefined();
});

test.each<[string, Partial<Serving>, number, Running]>([
  ['queriesPerDay must be a number of at least 0; got -1', {}, -1, single],
  ['idleSeconds must be a number of at least 0; got NaN', { idleSeconds: NaN }, 1, single],
  ['queriesPerBurst must be a number of at least 1; got 0', {}, 1, { queriesPerBurst: 0 }],
  ['warmHoursAWeek must be a number from 0 to 168; got 169', {}, 1, { warmHoursAWeek: 169 }],
  ['queriesPerDay must be at most 86400 for one machine; got 86401', {}, 86_401, single],
  ['queriesPerDay must be at most 25714 for one machine', {}, 30_000, { warmHoursAWeek: 50 }],
])('refuses what has no cost: %s', (message, changes, queries, running) => {
  expect(() => monthCost(machine(changes), queries, running)).toThrow(message);
});
