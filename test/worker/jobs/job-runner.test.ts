import './no-input';
import { GuardedService } from '../../../docker/worker/src/services/guarded-service';
import { JobRunner, type JobRunnerOptions } from '../../../docker/worker/src/jobs/job-runner';
import type { JobRow, Receipt } from '../../../core/contract/job';
import type { HeldJob } from '../../../docker/worker/src/forecast/held-job';
import { HeldJobs } from '../../../docker/worker/src/forecast/held-jobs';
import { createLog } from '../../../docker/worker/src/log';
import { MachineTime } from '../../../docker/worker/src/jobs/machine-time';
import type { ServiceState } from '../../../docker/worker/src/services/model-service';
import { Services } from '../../../docker/worker/src/services/services';
import type { Outcome } from '../../../docker/worker/src/http/metrics';
import { MAX_FAILURES, MAX_RECEIVES } from '../../../core/contract/limits';
import { row } from '../../support/support';
import { until } from '../../until';
import { MemoryQueue } from '../../support/memory-queue';
import { transcriptOf } from '../../support/model-server';

const MINUTE = 60_000;
const log = createLog({ write: () => undefined });
const job = row({ status: 'running', attempt: 1, tasks: { transcription: {} } });
const done = { ...job, receipt: { measures: { audio_second: 600 } } as Receipt };
let queue: MemoryQueue;
let state: () => ServiceState;
let outcomes: Outcome[];
let runner: JobRunner;
let held: HeldJobs;
/** The row that is claimed. */
let claimed: JobRow;
/** Progress that the model reports at once, before it works. */
let progress: number;
/** Awaited by the model before its result. */
let hear: () => Promise<void>;

beforeEach(() => {
  jest.spyOn(Date, 'now').mockImplementation(() => queue.now);
  queue = new MemoryQueue();
  outcomes = [];
  state = () => ({ state: 'ready' });
  claimed = job;
  progress = 0;
  hear = async () => undefined;
  const transcriber = new GuardedService(
    {
      name: 'whisper',
      state: async () => state(),
      async *run() {
        queue.now += 1_000;
        yield { type: 'window', end: 5, progress } as never;
        await hear();
        yield { type: 'result', transcript: transcriptOf([], 10) } as never;
      },
    },
    log,
    { absentMs: 0 },
  );
  const services = new Services([{ service: transcriber, tasks: ['transcription'] }]);
  held = new HeldJobs(services, () => queue.now);
  runner = new JobRunner({
    work: {
      store: {
        claim: async () => ({ outcome: 'claimed', row: claimed }),
        get: async () => job,
        release: async () => job,
        recordProgress: async () => job,
        extendLease: async () => job,
      },
      scratch: { remove: async () => undefined },
      objects: { write: async () => undefined, read: async () => ({ end: 5, segments: [] }) },
      services,
      log,
    },
    endings: { commit: async () => done, announce: async () => undefined },
    metrics: { ended: (outcome: Outcome) => void outcomes.push(outcome) },
    ...{ held, machineTime: new MachineTime() },
    visibilitySeconds: 600,
    stopping: new AbortController().signal,
  } as unknown as JobRunnerOptions);
  queue.add({ version: 1, job_id: job.id });
});
afterEach(() => jest.restoreAllMocks());

const times = (wanted: Outcome) => outcomes.filter((outcome) => outcome === wanted).length;

/** Handles messages until the queue is empty. */
async function work() {
  for (let delivery = queue.next(); delivery !== undefined; delivery = queue.next()) {
    if (queue.received > 2_000) throw new Error('The job circles for ever');
    await runner.handle(delivery);
  }
}

/** A worker receives the next message, and is killed with it: its visibility timeout passes. */
const loseWorker = () => queue.next()!.hide(600);

describe('a job whose workers are killed', () => {
  beforeEach(() => (state = () => ({ state: 'ready' })));

  it('is done by the next one, although they were more than the failures that bury a job', async () => {
    for (let killed = 1; killed <= MAX_FAILURES; killed++) await loseWorker();
    await work();
    expect(queue.deadLetters).toBe(0);
    expect(outcomes).toEqual(['succeeded']);
  });

  it('is given up when it may be what ends them', async () => {
    for (let killed = 1; killed <= MAX_RECEIVES; killed++) await loseWorker();
    await work();
    expect(queue.deadLetters).toBe(1);
    expect(outcomes).toEqual([]);
  });

  it('is given up also if messages took each other’s place meanwhile', async () => {
    const losses = MAX_RECEIVES - 1;
    queue = new MemoryQueue();
    queue.add({ version: 1, job_id: job.id, losses });
    await loseWorker();
    await work();
    expect(queue.deadLetters).toBe(1);
    expect(outcomes).toEqual([]);
  });

  it('may still fail as often as any other', async () => {
    for (let killed = 1; killed <= MAX_FAILURES; killed++) await loseWorker();
    state = () => ({ state: 'failed', reason: 'model.bin is missing' });
    await work();
    expect(times('retried')).toBe(MAX_FAILURES);
    expect(queue.deadLetters).toBe(1);
  });
});

describe('a job whose model service is not ready', () => {
  it('fails after five attempts if the model cannot be loaded, while another model keeps the machine busy', async () => {
    state = () => ({ state: 'failed', reason: 'model.bin is missing' });
    await work();
    expect(queue.deadLetters).toBe(1);
    expect(times('retried')).toBe(MAX_FAILURES);
    expect(queue.now).toBeLessThan(10 * MINUTE);
  });

  it('fails after twenty minutes if the service never returns', async () => {
    state = () => ({ state: 'absent', reason: 'the service does not answer' });
    await work();
    expect(queue.deadLetters).toBe(1);
    expect(times('retried')).toBe(MAX_FAILURES);
    expect(queue.now).toBeGreaterThan(20 * MINUTE);
    expect(queue.now).toBeLessThan(30 * MINUTE);
  });

  it('waits without a failure for a service that failed and then loads for 15 minutes', async () => {
    state = () => {
      if (queue.now < MINUTE) return { state: 'failed', reason: 'the GPU has failed' };
      return queue.now < 15 * MINUTE ? { state: 'loading', reason: 'its model' } : { state: 'ready' };
    };
    await work();
    expect(queue.deadLetters).toBe(0);
    expect(times('retried')).toBeLessThan(MAX_FAILURES);
    expect(outcomes.at(-1)).toBe('succeeded');
  });
});

describe('a job that the worker holds', () => {
  it('is held until it ends, and its speed is learnt', async () => {
    hear = async () => {
      expect(held.report().holding).toEqual([job.id]);
      expect(held.state).toBe(`${job.id}+`);
      queue.now += 9_000;
    };
    await work();
    expect(outcomes).toEqual(['succeeded']);
    expect(held.report()).toEqual({ speeds: { audio_second: 60 }, densities: { audio_second: 0.1 } });
  });

  it('ends sooner than expected if its progress is fast', async () => {
    claimed = { ...job, estimate: { audio_second: 4_000 } };
    const seconds: number[] = [];
    hear = async () => void seconds.push((held.report().busy_until! - queue.now) / 1000);
    await runner.handle(queue.next()!);
    progress = 0.5;
    queue.add({ version: 1, job_id: job.id });
    await runner.handle(queue.next()!);
    expect(seconds[0]).toBe(102);
    expect(seconds[1]).toBeLessThan(15);
  });

  it('has less to do, and teaches nothing, if it continues an earlier attempt', async () => {
    claimed = { ...job, attempt: 2, progress: 0.5, estimate: { audio_second: 4_000 } };
    let seconds = 0;
    hear = async () => {
      seconds = (held.report().busy_until! - queue.now) / 1000;
      queue.now += 60_000;
    };
    await work();
    expect(outcomes).toEqual(['succeeded']);
    expect(seconds).toBe(50.5);
    expect(held.report()).toEqual({});
  });

  it('is held no more after a failure', async () => {
    state = () => ({ state: 'failed', reason: 'model.bin is missing' });
    await runner.handle(queue.next()!);
    expect(held.state).toBe('');
  });

  it('returns as a fresh message, without a failure, if it was taken too early', async () => {
    let finish = () => undefined as void;
    hear = () => new Promise((resolve) => (finish = resolve));
    const first = runner.handle(queue.next()!);
    await until(() => held.state.endsWith('+'), 'the first job is with the model');
    queue.add({ version: 1, job_id: job.id, failures: 2 });
    const hold = jest.spyOn(held, 'hold');
    const second = runner.handle(queue.next()!);
    await until(() => hold.mock.results.length === 1, 'the second job is held');
    (hold.mock.results[0]!.value as HeldJob).giveBack();
    await second;
    expect(outcomes).toEqual(['released']);
    const returned = queue.next()!;
    expect(JSON.parse(returned.body!)).toEqual({ version: 1, job_id: job.id, failures: 2 });
    expect(returned.receives).toBe(1);
    finish();
    await first;
    expect(outcomes).toEqual(['released', 'succeeded']);
  });
});
