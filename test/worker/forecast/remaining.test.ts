import { remainingSeconds } from '../../../docker/worker/src/forecast/remaining';

const begun = { expected: 100, worked: 0, quiet: 0, from: 0, progress: 0 };

describe('the remaining seconds of a job', () => {
  it('are those expected, until a model has worked', () => {
    expect(remainingSeconds(begun)).toBe(100);
    expect(remainingSeconds({ ...begun, worked: 30, quiet: 30 })).toBe(70);
  });

  it('leave out what earlier attempts have done', () => {
    expect(remainingSeconds({ ...begun, from: 0.6, progress: 0.6 })).toBe(40);
    expect(remainingSeconds({ ...begun, from: 0.5, progress: 0.75, worked: 25 })).toBeCloseTo(25);
    expect(remainingSeconds({ ...begun, from: 1, progress: 1 })).toBe(0);
  });

  it('ignore progress of up to five percent', () => {
    expect(remainingSeconds({ ...begun, worked: 1, progress: 0.04 })).toBe(99);
  });

  it('follow the progress more and more, if the job is slower or faster than expected', () => {
    const slow = [0.1, 0.3, 0.6, 0.9].map((progress) => {
      const actual = 300 * (1 - progress);
      return remainingSeconds({ ...begun, progress, worked: 300 * progress }) / actual;
    });
    expect(slow).toEqual([...slow].sort((one, other) => one - other));
    expect(slow[0]).toBeGreaterThan(0.6);
    expect(slow[3]).toBeGreaterThan(0.9);
    expect(slow[3]).toBeLessThan(1);
    const fast = remainingSeconds({ ...begun, progress: 0.9, worked: 27 });
    expect(fast).toBeGreaterThan(3);
    expect(fast).toBeLessThan(4);
  });

  it('grow with the delay of a job that is over its time and shows no progress', () => {
    expect(remainingSeconds({ ...begun, worked: 100 })).toBe(0);
    expect(remainingSeconds({ ...begun, worked: 170 })).toBe(70);
  });

  it('grow with the time since the progress has stopped', () => {
    const stopped = { ...begun, progress: 0.98, worked: 98 };
    expect(remainingSeconds(stopped)).toBeLessThan(3);
    expect(remainingSeconds({ ...stopped, worked: 178, quiet: 80 })).toBe(80);
  });
});
