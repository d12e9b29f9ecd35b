import { setTimeout as sleep } from 'node:timers/promises';

const FIRST_DELAY_MS = 500;
const LONGEST_DELAY_MS = 10_000;

/** A failure that may pass: the request can be made again. */
export class Retryable extends Error {
  override readonly name = 'Retryable';

  constructor(
    /** What is thrown when there is no more time. */
    readonly failure: Error,
    readonly retryAfterMs?: number,
  ) {
    super(failure.message);
  }
}

/** How long failures are borne with, and what makes them end early. */
export interface Patience {
  /** Milliseconds spent waiting between tries, the time that the tries take not counted. */
  retryForMs: number;
  signal?: AbortSignal;
  /** Called with the delay before each further try. */
  onWait?: (delayMs: number) => void;
}

/**
 * Milliseconds before the next try: doubled each time, with the upper half random so that many clients do not come
 * back together; never before the server's `Retry-After`.
 *
 * @param attempt 0 after the first failure
 */
export function retryDelay(attempt: number, retryAfterMs = 0, random = Math.random()): number {
  const full = Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** attempt);
  return Math.max(retryAfterMs, Math.round(full * (0.5 + random / 2)));
}

/**
 * Milliseconds before a job is looked at again: 1 s, growing to 5 s. Where many jobs wait for a machine it is more, so
 * that all together ask twenty times a second at most; those that run are few.
 *
 * @param looks how often it has been looked at, from 0
 * @param waiting jobs that wait as this one does
 */
export const pollDelay = (looks: number, waiting: number): number =>
  Math.max(Math.min(5000, Math.round(1000 * 1.4 ** looks)), waiting * 50);

/** Milliseconds of a `Retry-After` header, given in seconds or as a date. */
export function parseRetryAfter(value: string | null, now = Date.now()): number | undefined {
  if (value === null) return undefined;
  const seconds = /^\d+(\.\d+)?$/.test(value.trim()) ? Number(value) : (Date.parse(value) - now) / 1000;
  return Number.isFinite(seconds) ? Math.max(0, seconds * 1000) : undefined;
}

/** Waits; throws the signal's reason as soon as it is given. */
export async function pause(milliseconds: number, signal?: AbortSignal): Promise<void> {
  try {
    await sleep(milliseconds, undefined, { signal });
  } catch (error) {
    throw signal?.reason ?? error;
  }
}

/** Tries again until a try does not throw {@link Retryable}, or patience has run out. */
export async function retrying<T>(patience: Patience, attempt: () => Promise<T>): Promise<T> {
  let left = patience.retryForMs;
  for (let failures = 0; ; failures++) {
    try {
      return await attempt();
    } catch (error) {
      if (!(error instanceof Retryable)) throw error;
      const delay = retryDelay(failures, error.retryAfterMs);
      if ((left -= delay) < 0) throw error.failure;
      patience.onWait?.(delay);
      await pause(delay, patience.signal);
    }
  }
}
