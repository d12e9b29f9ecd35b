import { open } from 'node:fs/promises';
import { pause } from '../../api/retry';
import { libsql, isBusy } from './libsql';

const LOOK_MS = 200;

/**
 * Runs `use` while no other process uses the same index, and waits for that. The lock is one of the operating system
 * on an empty file beside the index: it ends with the process, however that ends. Without it, two runs would pay for
 * the same vectors, and one could replace a damaged database under the other.
 */
export async function alone<T>(
  index: string,
  { signal, onWait }: { signal: AbortSignal; onWait: () => void },
  use: () => Promise<T>,
): Promise<T> {
  const path = `${index}.lock`;
  await (await open(path, 'a', 0o600)).close();
  const lock = new (libsql())(path);
  try {
    for (let looks = 0; !taken(lock); looks++) {
      if (looks === 0) onWait();
      await pause(LOOK_MS, signal);
    }
    return await use();
  } finally {
    lock.close();
  }
}

/** Takes SQLite's exclusive lock, without a wait that could not be interrupted. */
function taken(lock: { exec: (sql: string) => void }): boolean {
  try {
    lock.exec('BEGIN EXCLUSIVE');
    return true;
  } catch (error) {
    if (isBusy(error)) return false;
    throw error;
  }
}
