import { setTimeout as sleep } from 'node:timers/promises';

/** A machine that runs many tests at once can be ten times slower than one at rest. */
const LIMIT_SECONDS = 120;

/**
 * Waits until a condition holds: the one way in which tests wait for what happens by itself. The limit is there to name
 * what never happened; it says nothing about how long that may take.
 *
 * @throws if it does not hold after two minutes
 */
export async function until(
  condition: () => boolean | Promise<boolean>,
  what = condition.toString(),
  seconds = LIMIT_SECONDS,
): Promise<void> {
  const deadline = Date.now() + seconds * 1000;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error(`Not within ${seconds} s: ${what}`);
    await sleep(10);
  }
}
