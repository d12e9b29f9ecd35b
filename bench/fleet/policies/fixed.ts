import type { PolicyMaker } from '../policy';

/** So many machines, always. */
export const fixed =
  (count: number, name = `${count} machines`): PolicyMaker =>
  () => ({
    ...{ name, reacts: false, replaces: true, alwaysOn: true },
    decide: ({ total }) => count - total,
  });
