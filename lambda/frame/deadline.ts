/** The work took longer than the caller can wait. It may still complete. */
export class TooLate extends Error {
  override readonly name = 'TooLate';
}

/**
 * Waits for `work`, but no longer than `untilMs` (epoch milliseconds). `work` itself is not
 * stopped.
 *
 * @throws TooLate when the time is up
 */
export async function inTime<T>(untilMs: number, work: Promise<T>): Promise<T> {
  // After the deadline nothing handles a failure: do not report it as an unhandled rejection.
  work.catch(() => undefined);
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new TooLate('The deadline for an answer has passed')),
      Math.max(0, untilMs - Date.now()),
    );
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
