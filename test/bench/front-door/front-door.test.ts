import { misses } from '../../../bench/figure';
import {
  type Answer,
  answerOf,
  latencyFigures,
  type Load,
  loadFigures,
} from '../../../bench/front-door/front-door-figures';

const WORDS = 'good morning';

describe('an answer', () => {
  const body = (text: string) => JSON.stringify({ text });

  test.each<[string, [number, string | null, string], Answer['kind']]>([
    ['in place, with the words', [200, null, body(WORDS)], 'heard'],
    ['in place, with others', [200, null, body('good')], 'lost'],
    ['a job', [202, '5', '{"id":"j-1"}'], 'job'],
    ['a job without its id', [202, '5', '{}'], 'lost'],
    ['503 that says when to come back', [503, '2', ''], 'later'],
    ['429 that says when to come back', [429, '2', ''], 'later'],
    ['503 that does not', [503, null, ''], 'lost'],
    ['500 that says when to come back', [500, '2', ''], 'lost'],
    ['502 of a gateway', [502, null, '<html>'], 'lost'],
  ])('%s', (_, [status, retryAfter, text], kind) => {
    expect(answerOf(status, retryAfter, text, WORDS).kind).toBe(kind);
  });
});

describe('the latency of the front door', () => {
  const hundred = (usual: number, slowest: number) => [...Array<number>(98).fill(usual), slowest, slowest];
  const found = { service: hundred(200, 250), front: hundred(228, 340), empty: hundred(15, 40) };
  const value = (name: string, rounds = found) =>
    latencyFigures(rounds).find((figure) => figure.name.includes(name))?.value;

  test('is the difference of medians, and of 99th percentiles', () => {
    expect(value('added to the bare service, median')).toBe(28);
    expect(value('front-door: … p99')).toBe(90);
    expect(latencyFigures(found).filter(misses)).toEqual([]);
  });

  test('is separate from the gateway’s time for an empty function', () => {
    expect(value('beyond the empty handler')).toBe(13);
  });

  test('is also a ratio', () => {
    expect(value('ratio to the bare')).toBe(1.14);
  });

  test.each([
    ['median', hundred(231, 340)],
    ['p99', hundred(228, 351)],
  ])('misses its target by the %s', (name, front) => {
    expect(latencyFigures({ ...found, front }).filter(misses)).toMatchObject([
      { name: expect.stringContaining(name) },
    ]);
  });
});

describe('more requests than a machine can answer', () => {
  const load: Load = {
    answers: [{ kind: 'heard' }, { kind: 'heard' }, { kind: 'job', id: 'j-1' }, { kind: 'later' }],
    connections: 2,
    seconds: 3,
    failedJobs: 0,
    secondsWithJobs: 4,
    held: [{ container: 'whisper', before: 200e6, after: 219e6 }],
  };

  test('are counted by result', () => {
    const values = loadFigures(load).map(({ value }) => value);
    expect(values.slice(0, 4)).toEqual([0, 2, 1, 1]);
    expect(loadFigures(load).filter(misses)).toEqual([]);
  });

  test.each<[string, Partial<Load>, string]>([
    ['an answer that is none', { answers: [{ kind: 'lost', why: '500' }] }, 'lost of 1 requests'],
    ['a job that failed', { failedJobs: 1 }, 'lost of 4 requests'],
    ['memory that grows', { held: [{ container: 'worker', before: 100e6, after: 111e6 }] }, 'ratio'],
  ])('miss their target through %s', (_, change, name) => {
    expect(loadFigures({ ...load, ...change }).filter(misses)).toMatchObject([
      { name: expect.stringContaining(name) },
    ]);
  });
});
