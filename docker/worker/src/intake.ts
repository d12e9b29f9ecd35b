import { FormError } from '../../../lambda/form-error';
import { Crowded } from './errors';

export interface IntakeLimits {
  /** Most bytes of all uploads that are being received or still needed. */
  mostBytes: number;
  /** Most uploads that are received at once. @default 16 */
  uploads?: number;
  /** Time without a byte after which an upload is given up; one is judged by its speed after as long. @default 30000 */
  stallMs?: number;
  /** Least speed of an upload: a fifth of what a slow mobile network uploads. @default 8192 */
  leastBytesPerSecond?: number;
  /** Age from which an upload may give way to another one, where there are too many. @default 2000 */
  judgedMs?: number;
}

/** Speed in bytes per second below which an upload gives way to another one. */
const SLOW = 64 << 10;

/** One upload, from its first byte until nobody needs its file any more. */
export class Arrival {
  bytes = 0;
  private readonly began = Date.now();
  private readonly leaving = new AbortController();

  constructor(
    readonly stallMs: number,
    private readonly leastBytesPerSecond: number,
    private readonly take: (bytes: number) => void,
  ) {}

  /** Aborted when it gives way to another one. */
  get gaveWay(): AbortSignal {
    return this.leaving.signal;
  }

  get ms(): number {
    return Date.now() - this.began;
  }

  /** Bytes per second so far. */
  get speed(): number {
    return (this.bytes * 1000) / Math.max(this.ms, 1);
  }

  giveWay(): void {
    this.leaving.abort(new Crowded('Too many uploads come at once, and this was the slowest'));
  }

  /**
   * Counts bytes that have come.
   *
   * @throws FormError if they come too slowly
   * @throws Crowded if it has given way, or the disk space for uploads is taken
   */
  grew(bytes: number): void {
    this.gaveWay.throwIfAborted();
    this.take(bytes);
    this.bytes += bytes;
    if (this.ms > this.stallMs + (this.bytes * 1000) / this.leastBytesPerSecond)
      throw new FormError(
        `The form is cut off: it comes at less than ${this.leastBytesPerSecond} bytes per second`,
      );
  }
}

/**
 * Bounds on all uploads that come at once: their number, their speed, and their bytes on the scratch disk. A request takes
 * its place among those that are worked on when its upload is there; so slow ones keep nobody out.
 */
export class Intake {
  private readonly arriving = new Set<Arrival>();
  private bytes = 0;

  constructor(private readonly limits: IntakeLimits) {}

  /**
   * Receives an upload, then works on it.
   *
   * @throws Crowded if too many uploads come at once, and none of them is slow
   */
  async admit<R, T>(
    receive: (arrival: Arrival) => Promise<R>,
    work: (received: R) => Promise<T>,
  ): Promise<T> {
    const { mostBytes, stallMs = 30_000, leastBytesPerSecond = 8 << 10 } = this.limits;
    this.makeRoom();
    const arrival = new Arrival(stallMs, leastBytesPerSecond, (bytes) => {
      if (this.bytes + bytes > mostBytes)
        throw new Crowded(`The uploads at hand fill the ${mostBytes} bytes that they may have on the disk`);
      this.bytes += bytes;
    });
    this.arriving.add(arrival);
    try {
      const received = await receive(arrival).finally(() => this.arriving.delete(arrival));
      return await work(received);
    } finally {
      this.bytes -= arrival.bytes;
    }
  }

  private makeRoom(): void {
    const { uploads = 16, judgedMs = 2_000 } = this.limits;
    if (this.arriving.size < uploads) return;
    const judged = [...this.arriving].filter(({ ms }) => ms >= judgedMs);
    const [slowest] = judged.sort((one, other) => one.speed - other.speed);
    if (slowest === undefined || slowest.speed > SLOW)
      throw new Crowded(`${this.arriving.size} uploads are being received, and no more are taken`);
    slowest.giveWay();
    this.arriving.delete(slowest);
  }
}
