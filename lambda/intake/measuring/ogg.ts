import { type BoundedTokenizer, LONGEST_PIECE } from './bounded-tokenizer';

/** Samples per second in the positions of pages with Opus, whatever its own rate. */
const OPUS_RATE = 48_000;
/** A page on which no packet ends has no position. */
const NO_POSITION = 0xffff_ffff_ffff_ffffn;

/**
 * Duration of an Ogg file by the position of its last page, in seconds. The library's parser would
 * read all pages.
 *
 * @returns undefined if the rate is not known, or the file does not end with a page
 */
export async function oggSeconds(
  file: BoundedTokenizer,
  { codec, sampleRate }: { codec?: string; sampleRate?: number },
): Promise<number | undefined> {
  const rate = codec === 'Opus' ? OPUS_RATE : sampleRate;
  const start = Math.max(0, file.size - LONGEST_PIECE);
  const end = Buffer.from(await file.piece(start, file.size - start));
  for (let at = end.length; at > 0;) {
    at = end.lastIndexOf('OggS', at - 1);
    if (at < 0) return undefined;
    const samples = at + 14 > end.length ? NO_POSITION : end.readBigUInt64LE(at + 6);
    if (samples !== NO_POSITION) return rate === undefined ? undefined : Number(samples) / rate;
  }
  return undefined;
}
