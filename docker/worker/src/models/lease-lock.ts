import { randomUUID } from 'node:crypto';
import { link, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';

/** How a lock is kept. */
export interface LeaseTimes {
  /** Milliseconds without a sign of life after which the holder is taken for dead. @default 15 s */
  leaseMs?: number;
  /** Milliseconds between two looks at a lock that another one holds. @default 200 */
  pollMs?: number;
}

/**
 * Runs `work` while holding a lock file, waiting for whoever holds it. Its holders live in different containers, where
 * process ids say nothing about each other; so it is a lease: the holder touches the file as long as it lives.
 *
 * @param waiting is called once if the lock is not free at once
 */
export async function withLease<T>(
  file: string,
  work: () => Promise<T>,
  waiting: () => void = () => undefined,
  { leaseMs = 15_000, pollMs = 200 }: LeaseTimes = {},
): Promise<T> {
  const token = randomUUID();
  for (let looks = 0; !(await take(file, token)); looks++) {
    if (looks === 0) waiting();
    if (!(await breakStale(file, leaseMs))) await sleep(pollMs);
  }
  const alive = setInterval(() => {
    const now = new Date();
    utimes(file, now, now).catch(() => undefined);
  }, leaseMs / 5);
  try {
    return await work();
  } finally {
    clearInterval(alive);
    if ((await holder(file)) === token) await rm(file, { force: true });
  }
}

/** A link is made or not; a file that is opened and then written could be seen empty. */
async function take(file: string, token: string): Promise<boolean> {
  const mine = `${file}.${token}`;
  await writeFile(mine, token);
  try {
    await link(mine, file);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  } finally {
    await rm(mine, { force: true });
  }
}

/** Removes the lock of a holder that is dead. Returns whether there may be a free lock now. */
async function breakStale(file: string, leaseMs: number): Promise<boolean> {
  const seen = await holder(file);
  const age = await ageMs(file);
  if (seen === undefined || age === undefined) return true;
  if (age < leaseMs) return false;
  // Of several that see it stale, one moves it away; the others must not move the lock that comes after it.
  const aside = `${file}.${randomUUID()}`;
  try {
    await rename(file, aside);
  } catch {
    return true;
  }
  if ((await holder(aside)) !== seen) await link(aside, file).catch(() => undefined);
  await rm(aside, { force: true });
  return true;
}

const holder = (file: string) => readFile(file, 'utf8').catch(() => undefined);
const ageMs = (file: string) =>
  stat(file).then(
    ({ mtimeMs }) => Date.now() - mtimeMs,
    () => undefined,
  );
