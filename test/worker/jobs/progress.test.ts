import { createLog } from '../../../docker/worker/src/log';
import { ProgressReporter } from '../../../docker/worker/src/jobs/progress';
import type { JobRow } from '../../../core/contract/job';
import { StaleAttempt } from '../../../core/contract/errors';

type Shown = Pick<JobRow, 'progress' | 'stages'>;

const running = (progress: number): Shown => ({ progress, stages: { transcript: 'running' } });
const diarizing = (progress: number): Shown => ({
  progress,
  stages: { transcript: 'running', diarization: 'running' },
});

beforeEach(() => jest.useFakeTimers());
afterEach(() => jest.useRealTimers());

/** A reporter with a table whose writes take one second. */
function reporter(failure?: Error) {
  const written: Shown[] = [];
  const stale: Error[] = [];
  let atOnce = 0;
  const recordProgress = async (_id: string, _attempt: number, shown: Shown) => {
    expect(++atOnce).toBe(1);
    await new Promise((resolve) => setTimeout(resolve, 1000));
    atOnce--;
    if (failure !== undefined) throw failure;
    written.push(shown);
  };
  const log = createLog({ write: () => undefined });
  const claim = { id: 'job', attempt: 2 };
  const made = new ProgressReporter(claim, { recordProgress } as never, log, (error) => stale.push(error));
  return { written, stale, reporter: made };
}

describe('the progress in a row', () => {
  it('is written at most every two seconds, one write at a time', async () => {
    const { written, reporter: made } = reporter();
    for (let step = 0; step < 100; step++) {
      made.report(running(step / 100));
      await jest.advanceTimersByTimeAsync(100);
    }
    expect(written.map(({ progress }) => progress)).toEqual([0, 0.19, 0.39, 0.59, 0.79]);
  });

  it('is written at once when a stage changes, after a running write', async () => {
    const { written, reporter: made } = reporter();
    made.report(running(0.5));
    made.report(diarizing(0.6));
    made.report(diarizing(0.61));
    await jest.advanceTimersByTimeAsync(2000);
    expect(written).toEqual([running(0.5), diarizing(0.6)]);
  });

  it('is written at the end of the period if nothing follows, and the last one alone', async () => {
    const { written, reporter: made } = reporter();
    for (const progress of [0.5, 0.6, 0.7]) made.report(running(progress));
    await jest.advanceTimersByTimeAsync(60_000);
    expect(written).toEqual([running(0.5), running(0.7)]);
  });

  it('is not written after the end of the work', async () => {
    const { written, reporter: made } = reporter();
    made.report(running(0.5));
    made.report(running(0.6));
    await Promise.all([made.settle(), jest.advanceTimersByTimeAsync(60_000)]);
    expect(written).toEqual([running(0.5)]);
  });

  it('waits for all running writes', async () => {
    const { written, reporter: made } = reporter();
    made.report(running(0.5));
    made.report(diarizing(0.6));
    const settled = made.settle().then(() => written.length);
    await jest.advanceTimersByTimeAsync(2000);
    expect(await settled).toBe(2);
  });

  it('reports that the job no longer belongs to this attempt', async () => {
    const { stale, reporter: made } = reporter(new StaleAttempt('job', 2));
    made.report(running(0.5));
    await jest.advanceTimersByTimeAsync(1000);
    expect(stale).toEqual([new StaleAttempt('job', 2)]);
  });

  it('does not disturb the work when the table does not answer', async () => {
    const { stale, reporter: made } = reporter(new Error('reset'));
    made.report(running(0.5));
    await jest.advanceTimersByTimeAsync(1000);
    await made.settle();
    expect(stale).toEqual([]);
  });
});
