import { FormError } from '../../../../core/forms/form-error';
import { Crowded } from '../errors';
import { Pace } from './pace';

export interface IntakeLimits {
  /** Maximum total bytes of uploads that are being received or processed. */
  mostBytes: number;
  /** Maximum number of concurrent uploads. @default 16 */
  uploads?: number;
  /**
   * Milliseconds without a byte after which an upload fails. Speed is measured over the same time.
   * @default 30000
   */
  stallMs?: number;
  /**
   * Minimum speed of an upload: a fifth of the upload speed of a slow mobile network. @default 8192
   */
  leastBytesPerSecond?: number;
  /** Speed below which an upload may be dropped in favour of another one. @default 65536 */
  slowBytesPerSecond?: number;
  /** Age in milliseconds from which the speed of an upload is reliable. @default 2000 */
  judgedMs?: number;
  /** Monotonic clock in milliseconds. @default performance.now */
  now?: () => number;
}

/**
 * Number of random young uploads that compete with the slowest, so that a client that reconnects
 * repeatedly blocks nobody.
 */
const DRAWN = 2;

/** An upload, from its first byte until its file is no longer needed. */
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

  /** Aborted when the upload is dropped in favour of another one. */
  get gaveWay(): AbortSignal {
    return this.leaving.signal;
  }

  get ms(): number {
    return this.limits.now() - this.began;
  }

  /** Recent bytes per second. */
  get speed(): number {
    const { ms } = this;
    const { stallMs, judgedMs } = this.limits;
    return (this.pace.recent(ms) * 1000) / Math.max(Math.min(ms, stallMs), judgedMs, 1);
  }

  giveWay(): void {
    this.leaving.abort(new Crowded('Too many uploads come at once, and this was the slowest'));
  }

  /**
   * Counts received bytes.
   *
   * @throws FormError if the upload is too slow
   * @throws Crowded if the upload has been dropped, or the disk space for uploads is full
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
 * Limits the number, the speed and the bytes on disk of concurrent uploads. A request takes a place
 * for processing only when its upload is complete, so that slow uploads do not block others.
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
   * @throws Crowded if there are too many uploads, and none of them is slow
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

  /** The upload to drop, with at least `holding` bytes on the disk. Undefined if none is slow. */
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
    // Its file is removed when its reader runs next.
    this.bytes -= slow.bytes;
    slow.bytes = 0;
  }
}
