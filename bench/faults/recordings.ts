import { createHash } from 'node:crypto';
import { between, type Random } from '../fleet/random';

/** A recording of the run. No other recording has its bytes, so none has its transcript. */
export interface Recording {
  name: string;
  bytes: Buffer;
}

/** What the model service of the run hears in a recording: one sentence for each second. */
export interface Heard {
  sentences: string[];
  /** Milliseconds of work for each second. */
  paceMs: number;
}

/** Most bytes after the description. */
const MOST_FILLER = 64 << 10;

/** Share of the recordings that are long enough for a checkpoint, which comes after 5 s of work. */
const LONG_SHARE = 0.04;

/** Makes recordings that differ from each other. Their lengths are whole seconds. */
export function recordings(count: number, random: Random): Recording[] {
  return Array.from({ length: count }, (_, number) => {
    const long = random() < LONG_SHARE;
    const seconds = Math.round(long ? between(random, 60, 80) : between(random, 2, 8));
    const description = `${JSON.stringify({ number, seconds, paceMs: long ? 100 : 60 })}\n`;
    const filler = Buffer.alloc(Math.floor(random() * MOST_FILLER), number.toString(36));
    return { name: `recording-${number}`, bytes: Buffer.concat([Buffer.from(description), filler]) };
  });
}

/**
 * Hears a recording. Each sentence contains the digest of all bytes: a part of another recording, or
 * of an incomplete one, is a wrong sentence.
 *
 * @throws SyntaxError if these are not the bytes of a recording
 */
export function hear(bytes: Buffer): Heard {
  const { seconds, paceMs } = JSON.parse(bytes.subarray(0, bytes.indexOf('\n')).toString()) as {
    seconds: number;
    paceMs: number;
  };
  const digest = createHash('sha256').update(bytes).digest('hex').slice(0, 16);
  return { sentences: Array.from({ length: seconds }, (_, second) => `${digest} ${second}`), paceMs };
}
