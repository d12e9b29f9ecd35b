import type { JobRow } from '../../../core/contract/job';
import type { TaskName } from '../../../core/contract/names';
import { HeldJobs } from '../../../docker/worker/src/forecast/held-jobs';
import { JobProgress } from '../../../docker/worker/src/jobs/job-progress';
import type { GuardedService } from '../../../docker/worker/src/services/guarded-service';
import { Services } from '../../../docker/worker/src/services/services';
import { row } from '../../support/support';

const START = 1_000_000;
let held: HeldJobs;

const services = (...tasks: TaskName[]) => sharing(1, ...tasks);
/** Services that work on so many jobs together. */
const sharing = (jobsAtOnce: number, ...tasks: TaskName[]) =>
  new Services(
    tasks.map((task) => ({ service: { name: task, jobsAtOnce } as GuardedService, tasks: [task] })),
  );

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
    const end = job.work('transcription');
    pass(23);
    expect(busySeconds()).toBe(80);
    job.advance({ progress: 0.5, progressOf: () => 0.5 });
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
    const ends = [job.work('transcription'), job.work('analysis')];
    pass(20);
    ends.forEach((end) => end());
    ends.forEach((end) => end());
    job.work('transcription');
    pass(10);
    expect(busySeconds()).toBe(73);
  });

  it('divides the time of a service among the jobs that it works on together', () => {
    held = new HeldJobs(sharing(16, 'transcription'));
    const jobs = [recording('a', 4_000), recording('b', 4_000)];
    const ends = jobs.map((job) => job.work('transcription'));
    pass(20);
    expect(busySeconds()).toBe(103 + 103 - 20);
    ends[0]!();
    pass(20);
    ends[1]!();
    jobs[0]!.finish({ audio_second: 400 });
    held.release(jobs[0]!);
    // In 10 of the first 20 seconds.
    expect(held.report().speeds).toEqual({ audio_second: 40 });
    expect(busySeconds()).toBe(103 - 10 - 20);
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
    job.work('transcription');
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
    resumed.work('transcription');
    pass(20);
    resumed.finish({ audio_second: 400 });
    held.release(resumed);
    expect(held.report()).toEqual({});

    const job = recording('b', 400, { input_bytes: 4_000 });
    job.work('transcription');
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
    expect(held.mayTakeEarly(1)).toBe(false);
    const job = recording('a', 4_000);
    job.work('transcription');
    pass(92);
    expect(held.mayTakeEarly(1)).toBe(false);
    pass(1);
    expect(held.mayTakeEarly(1)).toBe(true);
  });

  it('may not be taken because a short job waits behind a long one', () => {
    held = new HeldJobs(services('transcription', 'analysis'));
    recording('long', 40_000).work('transcription');
    recording('short', 40);
    expect(held.mayTakeEarly(1)).toBe(false);
  });

  it('may not be taken while it is not known how long one is that was just taken', () => {
    recording('a', 40).work('transcription');
    expect(held.mayTakeEarly(1)).toBe(true);
    expect(held.mayTakeEarly(2)).toBe(false);
  });

  it('is one at most where a service works on one job after another', () => {
    recording('a', 40).work('transcription');
    recording('b', 40);
    expect(held.mayTakeEarly(2)).toBe(false);
  });

  it('may be taken beside short ones up to a minute of work, where a service works on them together', () => {
    held = new HeldJobs(sharing(16, 'transcription'));
    for (let count = 0; count < 12; count++) {
      // Eight seconds each.
      expect(held.mayTakeEarly(count)).toBe(count <= 7);
      recording(`job ${count}`, 200).work('transcription');
    }
  });

  it('may be taken up to the number of jobs that a service works on together', () => {
    held = new HeldJobs(sharing(4, 'transcription'));
    for (let count = 0; count < 6; count++) {
      expect(held.mayTakeEarly(count)).toBe(count < 4);
      recording(`job ${count}`, 10).work('transcription');
    }
  });

  it('may not be taken beside a long one, or one of unknown length, that a service would share', () => {
    held = new HeldJobs(sharing(16, 'transcription'));
    recording('a', 0, { estimate: undefined }).work('transcription');
    expect(held.mayTakeEarly(1)).toBe(false);
  });

  /** A job with the model and ten seconds left, and one that was taken beside it. */
  const takenEarly = () => {
    const first = recording('a', 4_000);
    first.work('transcription');
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
    other.work('transcription');
    pass(600);
    expect(other.returned.aborted).toBe(false);
  });

  it('is kept where there is a service for it', () => {
    held = new HeldJobs(services('transcription', 'analysis'));
    recording('long', 40_000).work('transcription');
    const job = recording('other', 40);
    pass(600);
    expect(job.returned.aborted).toBe(false);
  });
});

describe('a further job, where one service does two tasks', () => {
  const both = { transcription: {}, analysis: {} };
  beforeEach(() => {
    const service = { name: 'voxtral', jobsAtOnce: 1 } as GuardedService;
    held = new HeldJobs(new Services([{ service, tasks: ['transcription', 'analysis'] }]));
  });
  const begun = (id: string) => {
    const job = recording(id, 40_000, { tasks: both });
    job.work('voxtral');
    return job;
  };

  it('is taken when the transcript before it is ready, however long the analysis takes', () => {
    const job = begun('a');
    pass(60);
    expect(held.mayTakeEarly(1)).toBe(false);
    job.finishTask('analysis');
    expect(held.mayTakeEarly(1)).toBe(false);
    job.finishTask('transcription');
    expect(held.mayTakeEarly(1)).toBe(true);
    expect(busySeconds()).toBeGreaterThan(900);
  });

  it('is taken when at most ten seconds of the transcription before it remain', () => {
    const progress = new JobProgress(both);
    const job = begun('a');
    pass(50);
    progress.set('transcription', 0.5);
    job.advance(progress);
    expect(held.mayTakeEarly(1)).toBe(false);
    pass(45);
    progress.set('transcription', 0.95);
    job.advance(progress);
    expect(held.mayTakeEarly(1)).toBe(true);
    recording('b', 40, { tasks: both });
    expect(held.mayTakeEarly(2)).toBe(false);
  });

  it('waits for a job whose transcription has not begun', () => {
    begun('a').finishTask('transcription');
    const next = recording('b', 40_000, { tasks: both });
    expect(held.mayTakeEarly(2)).toBe(false);
    pass(600);
    expect(next.returned.aborted).toBe(false);
  });

  it('is left to other machines once three analyses wait', () => {
    for (const id of ['a', 'b', 'c']) {
      expect(held.mayTakeEarly(held.state === '' ? 0 : held.state.split(',').length)).toBe(true);
      begun(id).finishTask('transcription');
    }
    expect(held.mayTakeEarly(3)).toBe(false);
  });

  it('waits for a job without analysis as for any other', () => {
    const job = recording('a', 40_000);
    job.work('voxtral');
    job.finishTask('transcription');
    expect(held.mayTakeEarly(1)).toBe(false);
  });
});

describe('two services with a task each', () => {
  it('do not make a job give way: its analysis counts', () => {
    held = new HeldJobs(services('transcription', 'analysis'));
    for (const id of ['a', 'b']) {
      const job = recording(id, 40_000, { tasks: { transcription: {}, analysis: {} } });
      job.finishTask('transcription');
    }
    expect(held.mayTakeEarly(2)).toBe(false);
  });
});
