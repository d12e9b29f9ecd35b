import pLimit from 'p-limit';

/**
 * Runs `work` on every item, at most `limit` at once. After a failure, no further work starts. The
 * error is thrown when the running work has ended.
 */
export async function inParallel<T>(
  items: T[],
  limit: number,
  work: (item: T) => Promise<void>,
): Promise<void> {
  const places = pLimit({ concurrency: limit, rejectOnClear: true });
  const all = items.map((item) =>
    places(() =>
      work(item).catch((error: unknown) => {
        // Clear the queue before the next item can start.
        places.clearQueue();
        throw error;
      }),
    ),
  );
  await Promise.allSettled(all);
  // Throws the first failure by index. Items that never started come after all that did.
  await Promise.all(all);
}
