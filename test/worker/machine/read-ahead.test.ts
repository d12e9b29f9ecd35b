import { setTimeout as sleep } from 'node:timers/promises';
import { readAhead } from '../../../docker/worker/src/machine/read-ahead';

const all = async <T>(source: AsyncIterable<T>): Promise<T[]> => {
  const items: T[] = [];
  for await (const item of source) items.push(item);
  return items;
};

describe('reading ahead', () => {
  test('keeps the order, whatever is ready first', async () => {
    const read = async (item: number) => {
      await sleep(10 - item);
      return item;
    };
    expect(await all(readAhead([1, 2, 3, 4, 5, 6], 4, read))).toEqual([1, 2, 3, 4, 5, 6]);
  });

  test('reads no more at once than it may', async () => {
    let [running, most] = [0, 0];
    const read = async (item: number) => {
      most = Math.max(most, ++running);
      await sleep(1);
      running--;
      return item;
    };
    await all(
      readAhead(
        Array.from({ length: 20 }, (_, index) => index),
        3,
        read,
      ),
    );
    expect(most).toBe(3);
  });

  test('throws a failure when its turn has come', async () => {
    const read = (item: number) => (item === 2 ? Promise.reject(new Error('two')) : Promise.resolve(item));
    const seen: number[] = [];
    await expect(
      (async () => {
        for await (const item of readAhead([1, 2, 3], 3, read)) seen.push(item);
      })(),
    ).rejects.toThrow('two');
    expect(seen).toEqual([1]);
  });

  test('of nothing yields nothing', async () => {
    expect(await all(readAhead([], 2, () => Promise.resolve(1)))).toEqual([]);
  });
});
