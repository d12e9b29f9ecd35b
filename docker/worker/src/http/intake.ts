import { FormError } from '../../../../core/forms/form-error';
import { Crowded } from '../errors';
import { Pace } from './pace';

export interface IntakeLimits {
  /** Most bytes of all uploads that are being received or still needed. */
  mostBytes: number;
  /** Most uploads that are received at once. @default 16 */
  uploads?: number;
  /** Time without a byte after which an upload is given up; its speed is that of the last so many. @default 30000 */
  stallMs?: number;
  /** Least speed of an upload: a fifth of what a slow mobile network uploads. @default 8192 */
  leastBytesPerSecond?: number;
  /** Speed below which an upload gives way to another one. @default 65536 */
  slowBytesPerSecond?: number;
  /** Age from which a slow upload can be told from one that has just begun. @default 2000 */
  judgedMs?: number;
  /** Milliseconds that never go back. @default performance.now */
  now?: () => number;
}

/** So many younger uploads, drawn at random, compete with the slowest: who comes again and again keeps nobody out. */
const DRAWN = 2;

/** One upload, from its first byte until nobody needs its file any more. */
export class Arrival {
  bytes = 0;
  private readonly began: number;
  private readonly pace: Pace;
  private readonly leaving = new AbortController();

  constructor(
    private readonly limits: Required<IntakeLimits>,
    private readonly take: (arrival: Arrival, bytes: number) => void,
  ) {
    this.began = limits.now();
    this.pace = new Pace(limits.stallMs);
  }

  get stallMs(): number {
    return this.limits.stallMs;
  }

  /** Aborted when it gives way to another one. */
  get gaveWay(): AbortSignal {
    return this.leaving.signal;
  }

  get ms(): number {
    return this.limits.now() - this.began;
  }

  /** Bytes per second lately. */
  get speed(): number {
    const { ms } = this;
    const { stallMs, judgedMs } = this.limits;
    return (this.pace.recent(ms) * 1000) / Math.max(Math.min(ms, stallMs), judgedMs, 1);
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
    this.pace.add(this.ms, bytes);
    this.take(this, bytes);
    this.bytes += bytes;
    const { stallMs, leastBytesPerSecond } = this.limits;
    if (this.ms > stallMs && this.speed < leastBytesPerSecond)
      throw new FormError(
        `The form is cut off: it comes at less than ${leastBytesPerSecond} bytes per second`,
      );
  }
}

/**
 * Bounds on all uploads that come at once: their number, their speed, and their bytes on the scratch disk. A request takes
 * its place among those that are worked on when its upload is there; so slow ones keep nobody out.
 */
export class Intake {
  private readonly arriving = new Set<Arrival>();
  private readonly limits: Required<IntakeLimits>;
  private bytes = 0;

  constructor(limits: IntakeLimits) {
    this.limits = {
      uploads: 16,
      stallMs: 30_000,
      leastBytesPerSecond: 8 << 10,
      slowBytesPerSecond: 64 << 10,
      judgedMs: 2_000,
      now: () => performance.now(),
      ...limits,
    };
  }

  /**
   * Receives an upload, then works on it.
   *
   * @throws Crowded if too many uploads come at once, and none of them is slow
   */
  async admit<R, T>(
    receive: (arrival: Arrival) => Promise<R>,
    work: (received: R) => Promise<T>,
  ): Promise<T> {
    this.makeRoom();
    const arrival = new Arrival(this.limits, (one, bytes) => this.take(one, bytes));
    this.arriving.add(arrival);
    try {
      const received = await receive(arrival).finally(() => this.arriving.delete(arrival));
      return await work(received);
    } finally {
      this.bytes -= arrival.bytes;
    }
  }

  private take(arrival: Arrival, bytes: number): void {
    const { mostBytes } = this.limits;
    const missing = this.bytes + bytes - mostBytes;
    if (missing > 0) {
      const slowest = this.slowest(missing);
      if (slowest === undefined || slowest.speed >= arrival.speed)
        throw new Crowded(`The uploads at hand fill the ${mostBytes} bytes that they may have on the disk`);
      this.end(slowest);
    }
    this.bytes += bytes;
  }

  private makeRoom(): void {
    if (this.arriving.size < this.limits.uploads) return;
    const slowest = this.slowest();
    if (slowest === undefined)
      throw new Crowded(`${this.arriving.size} uploads are being received, and no more are taken`);
    this.end(slowest);
  }

  /** The upload that gives way; undefined if none is slow. It has `holding` bytes on the disk at least. */
  private slowest(holding = 0): Arrival | undefined {
    const { slowBytesPerSecond, judgedMs } = this.limits;
    const slow = [...this.arriving].filter(
      ({ speed, bytes }) => speed < slowBytesPerSecond && bytes >= holding,
    );
    const isYoung = ({ ms }: Arrival) => ms < judgedMs;
    const young = slow.filter(isYoung);
    while (young.length > DRAWN) young.splice(Math.floor(Math.random() * young.length), 1);
    const competing = [...slow.filter((one) => !isYoung(one)), ...young];
    return competing.sort((one, other) => one.speed - other.speed)[0];
  }

  private end(slow: Arrival): void {
    slow.giveWay();
    this.arriving.delete(slow);
    // Its file goes as soon as its reader has its turn.
    this.bytes -= slow.bytes;
    slow.bytes = 0;
  }
}
