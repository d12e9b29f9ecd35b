import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { root } from './laptop';

export const SAMPLE = join(root, 'samples/good-morning.flac');

/** Bytes of the sample: 20 seconds of synthetic speech whose words are known. */
export const sample = (): Buffer => readFileSync(SAMPLE);

/** What is said in the sample. */
export const sampleWords = (): string[] =>
  words(readFileSync(join(root, 'samples/good-morning.txt'), 'utf8'));

/** The sample so many times in a row. */
export const repeated = (times: number): Buffer =>
  ffmpeg('-stream_loop', String(times - 1), '-i', SAMPLE, '-c:a', 'flac', '-f', 'flac', '-');

let variants = 0;

/** As `repeated`, a little softer each time: sound that no service has heard before. */
export function unheard(times: number): Buffer {
  const volume = `volume=${1 - ++variants / 100}`;
  const input = ['-stream_loop', String(times - 1), '-i', SAMPLE];
  return ffmpeg(...input, '-af', volume, '-c:a', 'flac', '-f', 'flac', '-');
}

/** The sample's first seconds. */
export const beginning = (seconds: number): Buffer =>
  ffmpeg('-i', SAMPLE, '-t', String(seconds), '-c:a', 'flac', '-f', 'flac', '-');

/** A recording with other bytes and the same sound: requests with it are not the same request. */
export function otherwiseWritten(flac: Buffer): Buffer {
  const written = Buffer.from(flac);
  written.writeUInt32BE(++variants, paddingOf(written));
  return written;
}

/** Where the padding of a FLAC file begins: decoders skip it. */
function paddingOf(flac: Buffer): number {
  for (let at = 4; ; at += 4 + flac.readUIntBE(at + 1, 3)) {
    const kind = flac.readUInt8(at);
    if ((kind & 0x7f) === 1) return at + 4;
    if (kind & 0x80) throw new Error('There is no padding in this FLAC file');
  }
}

/** The sample in another format. */
export const converted = (...options: string[]): Buffer => ffmpeg('-i', SAMPLE, ...options, '-');

/**
 * A call of two readers, each on a channel of their own. Both channels also hear the other reader
 * quietly.
 */
export const call = (): Buffer =>
  ffmpeg(
    ...['-i', join(root, 'samples/two-readers.opus'), '-filter_complex'],
    '[0:a]asplit[one][two];[one]atrim=0:10.2,apad=whole_dur=26[left];' +
      '[two]atrim=10.2,asetpts=PTS-STARTPTS,adelay=9700,apad=whole_dur=26[right];' +
      '[left][right]amerge,pan=stereo|c0=c0+0.15*c1|c1=c1+0.15*c0',
    ...['-c:a', 'flac', '-f', 'flac', '-'],
  );

/** The sample as a WAV file of 630 kB that says in its header how long it is (which one written to a pipe cannot). */
export function sampleAsWav(): Buffer {
  const folder = mkdtempSync(join(tmpdir(), 'spotscribe-wav-'));
  try {
    ffmpeg('-i', SAMPLE, join(folder, 'sample.wav'));
    return readFileSync(join(folder, 'sample.wav'));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Writes the sample as a WAV file that silence makes longer than so many bytes. */
export function sampleWithSilence(path: string, bytes: number): void {
  const format = ['-ar', '48000', '-ac', '2', '-c:a', 'pcm_s32le'];
  const seconds = Math.ceil(bytes / (48_000 * 2 * 4));
  ffmpeg('-i', SAMPLE, '-af', 'apad', '-t', String(seconds + 1), ...format, path);
}

const ffmpeg = (...args: string[]): Buffer =>
  execFileSync('ffmpeg', ['-hide_banner', '-loglevel', 'error', ...args], { maxBuffer: 2 ** 27 });

/** Lower-case words without punctuation. */
export const words = (text: string): string[] => text.toLowerCase().match(/[a-z0-9']+/g) ?? [];
