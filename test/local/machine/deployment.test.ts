import { toReplace } from '../../../local/machine/deployment';

describe('a new revision of the task definition', () => {
  const old = { revision: 'task:1', healthy: true };
  const failed = { revision: 'task:1', healthy: false };
  const fresh = { revision: 'task:2', healthy: true };
  const starting = { revision: 'task:2', healthy: false };

  test.each([
    ['a single task at once, where none has to stay', [old], 0, [old]],
    ['a single task never, where half has to stay', [old], 50, []],
    ['all tasks at once, where none has to stay', [old, old, old], 0, [old, old, old]],
    ['one of two', [old, old], 50, [old]],
    ['one of three, for half of them is two', [old, old, old], 50, [old]],
    ['the second one not before the first is healthy', [starting, old], 50, []],
    ['then the second one', [fresh, old], 50, [old]],
    ['no more when all have it', [fresh, fresh], 0, []],
    ['what is not healthy, whatever has to stay', [failed, old], 100, [failed]],
  ])('replaces %s', (_, tasks, leastPercent, expected) => {
    expect(toReplace(tasks, 'task:2', leastPercent)).toEqual(expected);
  });
});
