/** Something took longer than the caller can be kept waiting. What was begun may still happen. */
export class TooLate extends Error {
  override readonly name = 'TooLate';
}

/**
 * Waits for `work`, but no longer than `untilMs` (epoch milliseconds). `work` itself is not stopped.
 *
 * @throws TooLate when the time is up
 */
export async function inTime<T>(untilMs: number, work: Promise<T>): Promise<T> {
  // A failure after the time is up belongs to nobody.
  work.catch(() => undefined);
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new TooLate('The time for an answer is up')),
      Math.max(0, untilMs - Date.now()),
    );
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
