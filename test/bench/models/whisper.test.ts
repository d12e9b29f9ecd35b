import { misses } from '../../../bench/figure';
import { readReport } from '../../../bench/models/production';
import { loadFigures, memoryFigures, throughputFigures } from '../../../bench/models/whisper';

describe('readReport', () => {
  test('returns progress and results, and ignores an incomplete line', () => {
    const text = '{"say": "round 1"}\n{"measured": {"service": [2]}}\n{"say": "rou';
    expect(readReport(text)).toEqual({ said: ['round 1'], lines: [{ service: [2] }] });
  });

  test('returns nothing for an empty report', () => {
    expect(readReport('')).toEqual({ said: [], lines: [] });
  });

  test('rejects an invalid line', () => {
    expect(() => readReport('{"sung": "la"}\n')).toThrow();
  });
});

describe('throughput', () => {
  const found = {
    shapes: 'Whisper tiny',
    audio: 720,
    bare: [40, 38, 60],
    service: [42, 41, 39],
    processor: { bare: [70, 72, 71], service: [71, 73, 72] },
    recognition: 20,
    sequential: 82,
    memory: 500e6,
    gpu_waits: null,
  };
  const value = (
    values: Partial<Omit<typeof found, 'gpu_waits'>> & { gpu_waits?: number | null },
    name: string,
  ) => throughputFigures({ ...found, ...values }).find((each) => each.name.includes(name))?.value;

  test('compares medians: one disturbed round has no effect', () => {
    expect(value({}, 'beside bare')).toBeCloseTo(40 / 41);
    expect(value({ bare: [40, 38, 600] }, 'beside bare')).toBeCloseTo(40 / 41);
  });

  test('also compares processor times, which hardly depend on other load', () => {
    expect(value({}, 'processor')).toBeCloseTo(71 / 72);
  });

  test('is audio length by time, and sequential time by the service’s time', () => {
    expect(value({}, 'real time (Whisper tiny)')).toBeCloseTo(720 / 41);
    expect(value({}, 'over sequential')).toBeCloseTo(2);
    expect(value({}, 'its recognition alone')).toBeCloseTo(4.1);
  });

  test('misses its target if the service takes longer', () => {
    expect(throughputFigures({ ...found, service: [43] }).filter(misses)).toHaveLength(1);
    expect(throughputFigures({ ...found, service: [39] }).filter(misses)).toHaveLength(0);
  });

  test('reports the idle time of a GPU, if there is one', () => {
    expect(value({}, 'GPU')).toBeUndefined();
    expect(value({ gpu_waits: 0.25 }, 'GPU')).toBe(25);
  });
});

describe('load', () => {
  const found = {
    models: 'trained',
    on_gpu: false,
    requests: 50,
    clip_seconds: 10,
    connections: 16,
    one_by_one: [50, 52],
    at_once: [49, 51],
    failed_share: 0,
    slowest_health: 0.2,
  };

  test('is above 1 if concurrent requests are faster than sequential ones', () => {
    expect(loadFigures(found)[0]).toMatchObject({ value: 51 / 50, least: 0.95 });
    expect(loadFigures(found).filter(misses)).toEqual([]);
  });

  test('must be faster at once where a GPU computes whole batches', () => {
    const onGpu = { ...found, on_gpu: true };
    expect(loadFigures(onGpu).filter(misses)).toMatchObject([{ name: expect.stringContaining('at once') }]);
    expect(loadFigures({ ...onGpu, at_once: [39, 39] }).filter(misses)).toEqual([]);
  });

  test.each([
    ['a request that failed', { failed_share: 1 / 200 }, 'failed'],
    ['a slow /health', { slowest_health: 1.01 }, '/health'],
    ['a loss of throughput', { at_once: [54, 54] }, '50 recordings of 10 s, 16 at once'],
  ])('misses its target through %s', (_, change, name) => {
    expect(loadFigures({ ...found, ...change }).filter(misses)).toMatchObject([
      { name: expect.stringContaining(name) },
    ]);
  });
});

test('compares memory with its target for each file, in megabytes', () => {
  const usual = { seconds: 1, with_children: 300e6, alone: 250e6, scratch: 32e6 };
  const found = {
    speech_seconds: 16_560,
    silence_seconds: 43_200,
    speech: usual,
    refused: usual,
    silence: usual,
  };
  expect(memoryFigures(found).filter(misses)).toEqual([]);
  expect(memoryFigures(found).map(({ name }) => name)).toContain('whisper: memory of 4.6 h of speech');
  const large = { ...found, silence: { ...usual, with_children: 601e6 } };
  expect(memoryFigures(large).filter(misses)).toMatchObject([
    { name: 'whisper: memory of 12 h of silence, accepted', value: 601, target: 600 },
  ]);
});
