import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';

/** Repeats the sample to an exact length. */
export async function record(file: string, seconds: number, signal: AbortSignal): Promise<void> {
  const sample = join(__dirname, '..', 'samples', 'good-morning.flac');
  const input = ['-stream_loop', '-1', '-i', sample, '-t', String(seconds)];
  await promisify(execFile)('ffmpeg', ['-nostdin', '-v', 'error', '-y', ...input, '-c:a', 'flac', file], {
    signal,
  });
}
