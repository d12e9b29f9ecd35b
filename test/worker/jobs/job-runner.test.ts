import './no-input';
import { GuardedService } from '../../../docker/worker/src/services/guarded-service';
import { JobRunner, type JobRunnerOptions } from '../../../docker/worker/src/jobs/job-runner';
import { createLog } from '../../../docker/worker/src/log';
import { MachineTime } from '../../../docker/worker/src/jobs/machine-time';
import type { ServiceState } from '../../../docker/worker/src/services/model-service';
import { Services } from '../../../docker/worker/src/services/services';
import type { Outcome } from '../../../docker/worker/src/http/metrics';
import { MAX_RECEIVES } from '../../../core/contract/limits';
import { row } from '../../support/support';
import { MemoryQueue } from '../../support/memory-queue';
import { transcriptOf } from '../../support/model-server';

const MINUTE = 60_000;
const log = createLog({ write: () => undefined });
const job = row({ status: 'running', attempt: 1, tasks: { transcription: {} } });
let queue: MemoryQueue;
let state: () => ServiceState;
let outcomes: Outcome[];
let runner: JobRunner;

beforeEach(() => {
  jest.spyOn(Date, 'now').mockImplementation(() => queue.now);
  queue = new MemoryQueue();
  outcomes = [];
  const transcriber = new GuardedService(
    {
      name: 'whisper',
      state: async () => state(),
      async *run() {
        yield { type: 'result', transcript: transcriptOf([], 10) } as never;
      },
    },
    log,
    { absentMs: 0 },
  );
  runner = new JobRunner({
    work: {
      store: {
        claim: async () => ({ outcome: 'claimed', row: job }),
        get: async () => job,
        release: async () => job,
        recordProgress: async () => job,
      },
      scratch: { remove: async () => undefined },
      objects: { write: async () => undefined },
      services: new Services([{ service: transcriber, tasks: ['transcription'] }]),
      log,
    },
    endings: { commit: async () => job, announce: async () => undefined },
    metrics: { ended: (outcome: Outcome) => void outcomes.push(outcome) },
    machineTime: new MachineTime(),
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

describe('a job whose model service is not ready', () => {
  it('fails after five attempts if the model cannot be loaded, while another model keeps the machine busy', async () => {
    state = () => ({ state: 'failed', reason: 'model.bin is missing' });
    await work();
    expect(queue.deadLetters).toBe(1);
    expect(times('retried')).toBe(MAX_RECEIVES);
    expect(queue.now).toBeLessThan(10 * MINUTE);
  });

  it('fails after twenty minutes if the service never returns', async () => {
    state = () => ({ state: 'absent', reason: 'the service does not answer' });
    await work();
    expect(queue.deadLetters).toBe(1);
    expect(times('retried')).toBe(MAX_RECEIVES);
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
    expect(times('retried')).toBeLessThan(MAX_RECEIVES);
    expect(outcomes.at(-1)).toBe('succeeded');
  });
});
