import { LearntRates } from '../../../docker/worker/src/forecast/learnt-rates';

const job = { measures: { audio_second: 600 }, seconds: 10, bytes: 4_800_000 };
let rates: LearntRates;
beforeEach(() => (rates = new LearntRates()));

describe('what a worker learns from its jobs', () => {
  it('is nothing at first', () => {
    expect(rates.speeds).toEqual({});
    expect(rates.densities).toEqual({});
  });

  it('is the work in a second and in a byte, by unit', () => {
    rates.learn({ ...job, measures: { audio_second: 600, token: 50 } });
    expect(rates.speeds).toEqual({ audio_second: 60, token: 5 });
    expect(rates.densities.audio_second).toBeCloseTo(1 / 8_000);
  });

  it('is no speed until there were some seconds of work', () => {
    rates.learn({ ...job, seconds: 2 });
    expect(rates.speeds).toEqual({});
    expect(rates.densities).not.toEqual({});
    rates.learn({ ...job, seconds: 4 });
    expect(rates.speeds).not.toEqual({});
  });

  it('weighs long jobs more than short ones', () => {
    rates.learn({ ...job, measures: { audio_second: 6_000 }, seconds: 100 });
    rates.learn({ ...job, measures: { audio_second: 4 }, seconds: 2 });
    expect(rates.speeds.audio_second).toBeGreaterThan(55);
  });

  it('follows a change within a few jobs', () => {
    for (let jobs = 0; jobs < 20; jobs++) rates.learn(job);
    for (let jobs = 0; jobs < 5; jobs++) rates.learn({ ...job, measures: { audio_second: 300 } });
    expect(rates.speeds.audio_second).toBeLessThan(45);
    expect(rates.speeds.audio_second).toBeGreaterThan(30);
  });

  it('leaves out what has no work, no time or no size', () => {
    rates.learn({ measures: { audio_second: 0, token: 5 }, seconds: 10, bytes: 0 });
    expect(rates.speeds).toEqual({ token: 0.5 });
    expect(rates.densities).toEqual({});
  });
});
