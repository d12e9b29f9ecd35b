import { Turn } from '../../../docker/worker/src/services/turn';

const never = new AbortController().signal;

describe('a turn', () => {
  it('admits one caller at a time, in the order of requests', async () => {
    const turn = new Turn();
    const order: number[] = [];
    const leaveFirst = await turn.take(never);
    const others = [1, 2].map(async (n) => {
      const leave = await turn.take(never);
      order.push(n);
      leave();
    });
    await new Promise(setImmediate);
    expect(order).toEqual([]);
    leaveFirst();
    await Promise.all(others);
    expect(order).toEqual([1, 2]);
    (await turn.take(never))();
  });

  it('skips a caller that stopped waiting', async () => {
    const turn = new Turn();
    const leave = await turn.take(never);
    const abort = new AbortController();
    const given = turn.take(abort.signal);
    const waiting = turn.take(never);
    abort.abort(new Error('stop'));
    await expect(given).rejects.toThrow('stop');
    leave();
    (await waiting)();
    await expect(turn.take(abort.signal)).rejects.toThrow('stop');
  });
});
