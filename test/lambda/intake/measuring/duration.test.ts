import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  BoundedTokenizer,
  CHUNK_BYTES,
  Exhausted,
  MOST_READS,
} from '../../../../lambda/intake/measuring/bounded-tokenizer';
import { durationOf } from '../../../../lambda/intake/measuring/duration';
import { Random } from '../../../support/random';

const SECONDS = 300;
const folder = mkdtempSync(join(tmpdir(), 'spotscribe-durations-'));
const made = new Map<string, Buffer>();
afterAll(() => rmSync(folder, { recursive: true }));

const ffmpeg = (...options: string[]) => execFileSync('ffmpeg', ['-v', 'error', ...options]);

/** Noise that becomes louder and softer, so that variable bit rates vary. */
const NOISE = join(folder, 'noise.wav');
ffmpeg('-f', 'lavfi', '-i', `anoisesrc=d=${SECONDS}:r=16000,tremolo=f=0.15:d=0.9`, NOISE);

/** A recording of {@link SECONDS}. */
function recording(name: string, ...options: string[]): Buffer {
  const known = made.get(name);
  if (known !== undefined) return known;
  const path = join(folder, name);
  ffmpeg('-i', NOISE, ...options, path);
  const bytes = readFileSync(path);
  made.set(name, bytes);
  return bytes;
}

function opened(bytes: Buffer, untilMs = Date.now() + 60_000) {
  const reads: number[] = [];
  const range = async (start: number, end: number) => {
    reads.push(end - start);
    return bytes.subarray(start, end);
  };
  return { file: new BoundedTokenizer(range, bytes.length, untilMs), reads };
}

/** Within the limits of a measurement. */
function expectBounded(reads: number[]): void {
  expect(reads.length).toBeLessThanOrEqual(MOST_READS);
  expect(Math.max(0, ...reads)).toBeLessThanOrEqual(CHUNK_BYTES);
}

const MP3 = recording('cbr.mp3', '-b:a', '32k');

test.each<[string, string, string[], number]>([
  ['WAV', 'a.wav', [], 0.01],
  ['WAV from a pipe, without its length', 'pipe.wav', ['-f', 'wav', '-seekable', '0'], 0.01],
  ['AIFF', 'a.aiff', [], 0.01],
  ['FLAC', 'a.flac', [], 0.01],
  ['MP3 with a header for a variable bit rate', 'vbr.mp3', ['-q:a', '0'], 0.2],
  ['MP3 of a constant bit rate without a header', 'a.mp3', ['-b:a', '32k', '-write_xing', '0'], 0.2],
  ['MP3 of a variable bit rate without a header', 'b.mp3', ['-q:a', '0', '-write_xing', '0'], 15],
  ['AAC', 'a.aac', ['-b:a', '48k'], 15],
  ['M4A with its header at the end', 'a.m4a', ['-b:a', '48k'], 0.2],
  ['M4A with its header at the start', 'b.m4a', ['-b:a', '48k', '-movflags', 'faststart'], 0.2],
  ['Opus', 'a.opus', ['-b:a', '48k'], 0.2],
  ['Vorbis', 'a.ogg', ['-c:a', 'libvorbis'], 0.2],
  ['WebM', 'a.webm', ['-c:a', 'libopus', '-b:a', '48k'], 0.2],
  ['Matroska', 'a.mkv', ['-c:a', 'aac'], 0.2],
])('measures %s with few reads', async (_, name, options, tolerance) => {
  const bytes = recording(name, ...options);
  expect(bytes.length).toBeGreaterThan(MOST_READS * CHUNK_BYTES);
  const { file, reads } = opened(bytes);
  const seconds = await durationOf(file);
  expect(Math.abs(seconds! - SECONDS)).toBeLessThanOrEqual(tolerance);
  expectBounded(reads);
});

test('skips a large picture in an ID3 tag', async () => {
  const picture = Buffer.alloc(3_000_000, 1);
  const size = [21, 14, 7, 0].map((shift) => (picture.length >> shift) & 127);
  const tag = Buffer.concat([Buffer.from([0x49, 0x44, 0x33, 3, 0, 0, ...size]), picture]);
  const { file, reads } = opened(Buffer.concat([tag, MP3]));
  expect(await durationOf(file)).toBeCloseTo(SECONDS, 0);
  expectBounded(reads);
});

test.each<[string, Buffer]>([
  ['other data', Buffer.alloc(1_000_000, 0x20)],
  ['an empty file', Buffer.alloc(0)],
  ['a few bytes', Buffer.from('ftyp')],
  ['a movie whose boxes have no size', Buffer.from('\0\0\0\x01ftypM4A '.repeat(1000), 'latin1')],
  ['a movie of years', movie(1, 0xffff_ffff)],
  ['a movie without a time scale', movie(0, 5)],
  ['a movie without a duration', movie(1000, 0)],
])('knows no duration of %s', async (_, bytes) => {
  const { file, reads } = opened(bytes);
  expect(await durationOf(file)).toBeUndefined();
  expectBounded(reads);
});

test('ends at the time limit, also without a read', async () => {
  const { file } = opened(MP3, Date.now() - 1);
  await expect(durationOf(file)).rejects.toThrow(Exhausted);
});

test('reads no piece that would fill the memory', async () => {
  const { file, reads } = opened(MP3);
  await expect(file.readBuffer(Buffer.alloc(1_000_000))).rejects.toThrow(Exhausted);
  expect(reads).toEqual([]);
});

test('stays within its limits for damaged headers', async () => {
  const sources = [
    ...['a.wav', 'a.flac', 'vbr.mp3', 'a.m4a', 'b.m4a', 'a.opus', 'a.webm', 'a.aac'].map((name) =>
      made.get(name)!,
    ),
  ];
  const { next } = new Random(7);
  const pick = (below: number) => Math.floor(next() * below);
  for (let round = 0; round < 200; round++) {
    const bytes = Buffer.from(sources[round % sources.length]!);
    for (let change = 0; change <= pick(8); change++) bytes[4 + pick(2000)] = pick(256);
    const { file, reads } = opened(bytes);
    const seconds = await durationOf(file).catch(() => undefined);
    if (seconds !== undefined) expect(seconds).toBeGreaterThan(0);
    expectBounded(reads);
  }
});

/** A movie with nothing but its header. */
function movie(scale: number, duration: number): Buffer {
  const header = Buffer.alloc(116);
  header.writeUInt32BE(116, 0);
  header.write('moov', 4);
  header.writeUInt32BE(108, 8);
  header.write('mvhd', 12);
  header.writeUInt32BE(scale, 28);
  header.writeUInt32BE(duration, 32);
  return header;
}
