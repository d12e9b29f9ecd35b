import { setTimeout as sleep } from 'node:timers/promises';
import { inParallel } from '../../../docker/worker/src/models/in-parallel';

describe('work in parallel', () => {
  it('is done for each item, so many at once, in their order', async () => {
    let running = 0;
    let most = 0;
    const order: number[] = [];
    await inParallel([0, 1, 2, 3, 4], 2, async (item) => {
      most = Math.max(most, ++running);
      order.push(item);
      await sleep(5);
      running--;
    });
    expect({ most, order }).toEqual({ most: 2, order: [0, 1, 2, 3, 4] });
  });

  it('begins nothing more after a failure, and ends with it when what runs has ended', async () => {
    const began: number[] = [];
    const ended: number[] = [];
    const work = inParallel([0, 1, 2, 3, 4], 2, async (item) => {
      began.push(item);
      await sleep(item === 0 ? 40 : 5);
      if (item === 1) throw new Error('one');
      ended.push(item);
    });
    await expect(work).rejects.toThrow('one');
    expect({ began, ended }).toEqual({ began: [0, 1], ended: [0] });
  });
});
