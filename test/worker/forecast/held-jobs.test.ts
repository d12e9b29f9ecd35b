import type { JobRow } from '../../../core/contract/job';
import type { TaskName } from '../../../core/contract/names';
import { HeldJobs } from '../../../docker/worker/src/forecast/held-jobs';
import type { GuardedService } from '../../../docker/worker/src/services/guarded-service';
import { Services } from '../../../docker/worker/src/services/services';
import { row } from '../../support/support';

const START = 1_000_000;
let held: HeldJobs;

const services = (...tasks: TaskName[]) =>
  new Services(tasks.map((task) => ({ service: { name: task } as GuardedService, tasks: [task] })));

beforeEach(() => {
  jest.useFakeTimers({ now: START });
  held = new HeldJobs(services('transcription'));
});
afterEach(() => jest.useRealTimers());

const transcription = { transcription: {} };
/** A job whose recording has this length. At the default speed, a second of work does 40 seconds of it. */
const recording = (id: string, seconds: number, change: Partial<JobRow> = {}) =>
  held.hold(row({ id, tasks: transcription, estimate: { audio_second: seconds }, ...change }));
const busySeconds = () => ((held.report().busy_until ?? NaN) - Date.now()) / 1000;
const pass = (seconds: number) => jest.advanceTimersByTime(seconds * 1000);

describe('what the heartbeat reports', () => {
  it('is nothing without jobs', () => {
    expect(held.report()).toEqual({});
    expect(held.state).toBe('');
    const job = recording('a', 400);
    held.release(job);
    expect(held.report()).toEqual({});
  });

  it('is the jobs, and when the last of them will be done, one after another', () => {
    recording('a', 400);
    recording('b', 1_000);
    expect(held.report().holding).toEqual(['a', 'b']);
    expect(busySeconds()).toBe(3 + 10 + 3 + 25);
  });

  it('takes the size of an input that was not measured, before and after its download', () => {
    const job = recording('a', 0, { estimate: undefined, input_bytes: 8_000 * 4_000 });
    expect(busySeconds()).toBe(103);
    held.release(job);
    recording('b', 0, { estimate: undefined }).arrived(8_000 * 400);
    expect(busySeconds()).toBe(13);
  });

  it('does not take a job for short if nothing is known of it', () => {
    recording('a', 0, { estimate: undefined });
    expect(busySeconds()).toBe(90);
  });

  it('follows the work of the model and the progress', () => {
    const job = recording('a', 4_000);
    pass(10);
    expect(busySeconds()).toBe(103);
    const end = job.work();
    pass(23);
    expect(busySeconds()).toBe(80);
    job.advance(0.5);
    expect(busySeconds()).toBeGreaterThan(20);
    expect(busySeconds()).toBeLessThan(40);
    end();
    const before = busySeconds();
    pass(100);
    // Only the time of the model counts.
    expect(busySeconds()).toBe(before);
  });

  it('counts two models that work at the same time once', () => {
    const job = recording('a', 4_000);
    const ends = [job.work(), job.work()];
    pass(20);
    ends.forEach((end) => end());
    ends.forEach((end) => end());
    job.work();
    pass(10);
    expect(busySeconds()).toBe(73);
  });

  it('plans each service by itself', () => {
    held = new HeldJobs(services('transcription', 'analysis'));
    recording('a', 400);
    recording('b', 1_000, { tasks: { analysis: {} } });
    expect(busySeconds()).toBe(28);
    recording('c', 400, { tasks: { transcription: {}, analysis: {} } });
    expect(busySeconds()).toBe(41);
  });

  it('changes its state when a job is taken, begins or ends', () => {
    const states = [held.state];
    const job = recording('a', 400);
    states.push(held.state);
    job.work();
    states.push(held.state);
    const other = recording('b', 400);
    states.push(held.state);
    held.release(other);
    expect(new Set(states).size).toBe(4);
    expect(held.state).toBe(states[2]);
  });

  it('has what the worker learnt from whole jobs, and later estimates use it', () => {
    const resumed = recording('a', 400);
    resumed.resume(0.5);
    resumed.work();
    pass(20);
    resumed.finish({ audio_second: 400 });
    held.release(resumed);
    expect(held.report()).toEqual({});

    const job = recording('b', 400, { input_bytes: 4_000 });
    job.work();
    pass(20);
    job.finish({ audio_second: 400 });
    held.release(job);
    expect(held.report()).toEqual({ speeds: { audio_second: 20 }, densities: { audio_second: 0.1 } });
    recording('c', 400);
    expect(busySeconds()).toBe(23);
  });
});

describe('a further job', () => {
  it('may be taken when at most ten seconds of a job remain', () => {
    expect(held.mayTakeEarly).toBe(false);
    const job = recording('a', 4_000);
    job.work();
    pass(92);
    expect(held.mayTakeEarly).toBe(false);
    pass(1);
    expect(held.mayTakeEarly).toBe(true);
  });

  it('may not be taken because a short job waits behind a long one', () => {
    held = new HeldJobs(services('transcription', 'analysis'));
    recording('long', 40_000).work();
    recording('short', 40);
    expect(held.mayTakeEarly).toBe(false);
  });

  /** A job with the model and ten seconds left, and one that was taken beside it. */
  const takenEarly = () => {
    const first = recording('a', 4_000);
    first.work();
    pass(93);
    return { first, next: recording('b', 40) };
  };

  it('is returned if the job before it needs more than a minute longer', () => {
    const { next } = takenEarly();
    pass(70);
    expect(next.returned.aborted).toBe(false);
    pass(2);
    expect(next.returned.aborted).toBe(true);
  });

  it('is kept if its model has begun, or if it is alone', () => {
    const { first, next } = takenEarly();
    held.release(first);
    pass(600);
    expect(next.returned.aborted).toBe(false);
    held.release(next);
    const { next: other } = takenEarly();
    other.work();
    pass(600);
    expect(other.returned.aborted).toBe(false);
  });

  it('is kept where there is a service for it', () => {
    held = new HeldJobs(services('transcription', 'analysis'));
    recording('long', 40_000).work();
    const job = recording('other', 40);
    pass(600);
    expect(job.returned.aborted).toBe(false);
  });
});
