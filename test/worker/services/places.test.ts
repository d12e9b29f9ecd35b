import { Places } from '../../../docker/worker/src/services/places';

const never = new AbortController().signal;
const settled = () => new Promise(setImmediate);

describe('places', () => {
  it('admit as many callers as there are places, in the order of requests', async () => {
    const places = new Places(() => 2);
    const order: number[] = [];
    const leaves = [await places.take(never), await places.take(never)];
    const others = [1, 2, 3].map(async (n) => {
      const leave = await places.take(never);
      order.push(n);
      return leave;
    });
    await settled();
    expect(order).toEqual([]);
    leaves[0]!();
    // A second call must not give another caller's place away.
    leaves[0]!();
    await settled();
    expect(order).toEqual([1]);
    leaves[1]!();
    (await others[0])!();
    await Promise.all(others);
    expect(order).toEqual([1, 2, 3]);
  });

  it('follow the number of places, also downwards', async () => {
    let count = 1;
    const places = new Places(() => count);
    const first = await places.take(never);
    const second = places.take(never);
    count = 3;
    const third = await places.take(never);
    const leaveSecond = await second;
    count = 1;
    let served = false;
    const fourth = places.take(never).then((leave) => ((served = true), leave));
    first();
    third();
    await settled();
    expect(served).toBe(false);
    leaveSecond();
    (await fourth)();
  });

  it('tell when nobody uses or wants them', async () => {
    let unused = 0;
    const places = new Places(
      () => 1,
      () => void unused++,
    );
    const leave = await places.take(never);
    const abort = new AbortController();
    const waiting = places.take(abort.signal);
    expect([places.isUsed, unused]).toEqual([true, 0]);
    leave();
    (await waiting)();
    expect([places.isUsed, unused]).toEqual([false, 1]);
    const last = await places.take(never);
    const given = places.take(abort.signal);
    last();
    (await given)();
    expect(unused).toBe(2);
  });

  it('skip a caller that stopped waiting', async () => {
    const places = new Places(() => 1);
    const leave = await places.take(never);
    const abort = new AbortController();
    const given = places.take(abort.signal);
    const waiting = places.take(never);
    abort.abort(new Error('stop'));
    await expect(given).rejects.toThrow('stop');
    leave();
    (await waiting)();
    await expect(places.take(abort.signal)).rejects.toThrow('stop');
  });
});
