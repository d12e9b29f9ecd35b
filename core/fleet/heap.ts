/** A binary heap: its first item comes before all others. */
export class Heap<T> {
  private readonly items: T[];

  /**
   * @param before whether one item comes before another
   * @param items any items. @default - none
   */
  constructor(
    private readonly before: (one: T, other: T) => boolean,
    items: readonly T[] = [],
  ) {
    // A sorted list is a heap.
    this.items = [...items].sort((one, other) => Number(before(other, one)) - Number(before(one, other)));
  }

  get first(): T | undefined {
    return this.items[0];
  }

  add(item: T): void {
    const { items, before } = this;
    let at = items.push(item) - 1;
    for (let parent = (at - 1) >> 1; at > 0 && before(item, items[parent]!); parent = (at - 1) >> 1) {
      items[at] = items[parent]!;
      at = parent;
    }
    items[at] = item;
  }

  /** Puts an item in the place of the first one. */
  replaceFirst(item: T): void {
    const { items, before } = this;
    let at = 0;
    for (;;) {
      const left = 2 * at + 1;
      const right = left + 1;
      const child = right < items.length && before(items[right]!, items[left]!) ? right : left;
      if (child >= items.length || !before(items[child]!, item)) break;
      items[at] = items[child]!;
      at = child;
    }
    items[at] = item;
  }

  /** Removes the first item. */
  next(): T | undefined {
    const { first } = this;
    const last = this.items.pop();
    if (this.items.length > 0) this.replaceFirst(last!);
    return first;
  }
}
