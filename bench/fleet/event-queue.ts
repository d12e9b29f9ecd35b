import { Heap } from '../../core/fleet/heap';

interface Event {
  at: number;
  order: number;
  run: () => void;
}

/** Events by time, and by the order in which they were added. */
export class EventQueue {
  private readonly heap = new Heap<Event>(before);
  private added = 0;

  add(at: number, run: () => void): void {
    this.heap.add({ at, order: this.added++, run });
  }

  /** Removes the first event. */
  next(): Event | undefined {
    return this.heap.next();
  }
}

function before(one: Event, other: Event): boolean {
  return one.at < other.at || (one.at === other.at && one.order < other.order);
}
