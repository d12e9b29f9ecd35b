interface Event {
  at: number;
  order: number;
  run: () => void;
}

/** Events by time, and by the order in which they were added. A binary heap. */
export class EventQueue {
  private readonly heap: Event[] = [];
  private added = 0;

  add(at: number, run: () => void): void {
    const { heap } = this;
    const event = { at, order: this.added++, run };
    let index = heap.push(event) - 1;
    for (
      let parent = (index - 1) >> 1;
      index > 0 && before(event, heap[parent]!);
      parent = (index - 1) >> 1
    ) {
      heap[index] = heap[parent]!;
      index = parent;
    }
    heap[index] = event;
  }

  /** Removes the first event. */
  next(): Event | undefined {
    const { heap } = this;
    const first = heap[0];
    const last = heap.pop();
    if (first === undefined || last === undefined || heap.length === 0) return first;
    let index = 0;
    for (;;) {
      const left = 2 * index + 1;
      const right = left + 1;
      const child = right < heap.length && before(heap[right]!, heap[left]!) ? right : left;
      if (child >= heap.length || !before(heap[child]!, last)) break;
      heap[index] = heap[child]!;
      index = child;
    }
    heap[index] = last;
    return first;
  }
}

const before = (one: Event, other: Event) =>
  one.at < other.at || (one.at === other.at && one.order < other.order);
