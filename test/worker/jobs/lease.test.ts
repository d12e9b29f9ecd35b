import { Lease } from '../../../docker/worker/src/jobs/lease';
import { createLog } from '../../../docker/worker/src/log';
import type { Delivery } from '../../../docker/worker/src/queue/queue';
import { StaleAttempt } from '../../../core/contract/errors';

const log = createLog({ write: () => undefined });
const claim = { id: 'job', attempt: 2 };

beforeEach(() => jest.useFakeTimers());
afterEach(() => jest.useRealTimers());

function lease(extendLease: () => Promise<unknown>, hide: () => Promise<void> = async () => undefined) {
  const calls: string[] = [];
  const store = {
    extendLease: (id: string, attempt: number, until: number) => {
      calls.push(`row ${id} ${attempt} +${until - Date.now()}`);
      return extendLease();
    },
  };
  const delivery = {
    hide: (seconds: number) => {
      calls.push(`message +${seconds}`);
      return hide();
    },
  } as unknown as Delivery;
  const options = { store: store as never, visibilitySeconds: 60, log };
  return { calls, lease: new Lease(claim, delivery, options) };
}

describe('a lease', () => {
  it('extends the row, then the message, three times in each visibility timeout', async () => {
    const { calls, lease: held } = lease(async () => undefined);
    held.start();
    await jest.advanceTimersByTimeAsync(60_000);
    expect(calls.slice(0, 2)).toEqual(['row job 2 +60000', 'message +60']);
    expect(calls).toHaveLength(6);
    await held.stop();
    await jest.advanceTimersByTimeAsync(60_000);
    expect(calls).toHaveLength(6);
  });

  it('does not extend the message, and aborts the work, when the row refuses', async () => {
    const { calls, lease: held } = lease(() => Promise.reject(new StaleAttempt('job', 2)));
    held.start();
    await jest.advanceTimersByTimeAsync(120_000);
    expect(calls).toEqual(['row job 2 +60000']);
    expect(held.lost.reason).toBeInstanceOf(StaleAttempt);
    expect(await held.holds()).toBe(false);
  });

  it('continues when the table does not answer, or another worker has the message', async () => {
    let answers = 0;
    const { calls, lease: held } = lease(
      () => (++answers === 1 ? Promise.reject(new Error('throttled')) : Promise.resolve()),
      () => Promise.reject(new Error('ReceiptHandleIsInvalid')),
    );
    held.start();
    await jest.advanceTimersByTimeAsync(40_000);
    expect(calls).toEqual(['row job 2 +60000', 'row job 2 +60000', 'message +60']);
    expect(held.lost.aborted).toBe(false);
    expect(await held.holds()).toBe(true);
    await held.stop();
  });
});
