/**
 * Yields the results of `read` in the order of the items, while the next ones are read.
 *
 * @param limit most items that are read, or wait to be taken, at once
 */
export async function* readAhead<Item, Result>(
  items: readonly Item[],
  limit: number,
  read: (item: Item) => Promise<Result>,
): AsyncGenerator<Result> {
  const reading: Promise<Result>[] = [];
  for (const item of items) {
    const result = read(item);
    // The failure is thrown when its turn has come.
    result.catch(() => undefined);
    reading.push(result);
    if (reading.length >= limit) yield (await reading.shift())!;
  }
  for (const result of reading) yield await result;
}
