import pLimit from 'p-limit';

/** Runs `work` on every item, `limit` at once. Ends with a failure after what runs has ended; nothing more begins. */
export async function inParallel<T>(
  items: T[],
  limit: number,
  work: (item: T) => Promise<void>,
): Promise<void> {
  const places = pLimit({ concurrency: limit, rejectOnClear: true });
  const all = items.map((item) =>
    places(() =>
      work(item).catch((error: unknown) => {
        // Here, before the place is free for the next one.
        places.clearQueue();
        throw error;
      }),
    ),
  );
  await Promise.allSettled(all);
  // The first failure in their order: those that never began come after all that did.
  await Promise.all(all);
}
