import { Worker } from 'node:worker_threads';

/**
 * Reads and hashes a file up to the given position. It is source text, because the worker is
 * bundled into one file, and a thread needs a separate file or text.
 */
const THREAD = `
  const { parentPort, workerData } = require('node:worker_threads');
  const { createHash } = require('node:crypto');
  const { closeSync, openSync, readSync } = require('node:fs');
  const hash = createHash('sha256');
  const file = openSync(workerData, 'r');
  const buffer = Buffer.allocUnsafe(1 << 20);
  let at = 0;
  parentPort.on('message', ({ upTo, last }) => {
    while (at < upTo) {
      const read = readSync(file, buffer, 0, Math.min(buffer.length, upTo - at), at);
      if (read === 0) throw new Error('the file ends at ' + at + ' instead of ' + upTo);
      hash.update(buffer.subarray(0, read));
      at += read;
    }
    if (!last) return;
    closeSync(file);
    parentPort.postMessage(hash.digest('hex'));
    parentPort.close();
  });
`;

/**
 * Computes the SHA-256 of a file while it is written, in a separate thread. For gigabytes this
 * takes several seconds, which would otherwise follow the last byte and block the connections.
 */
export class FollowingHash {
  private readonly thread: Worker;
  private readonly result: Promise<string>;

  constructor(path: string) {
    this.thread = new Worker(THREAD, { eval: true, workerData: path });
    this.result = new Promise((resolve, reject) => {
      this.thread.once('message', resolve);
      this.thread.once('error', reject);
      this.thread.once('exit', () => reject(new Error('the hash was cancelled')));
    });
    // The result is read at the end. This prevents an unhandled rejection before.
    this.result.catch(() => undefined);
  }

  /** Reports that all bytes before this position are written. */
  advance(upTo: number): void {
    this.thread.postMessage({ upTo, last: false });
  }

  /** The digest of the first `size` bytes in hex. */
  digest(size: number): Promise<string> {
    this.thread.postMessage({ upTo: size, last: true });
    return this.result;
  }

  async stop(): Promise<void> {
    await this.thread.terminate();
  }
}
