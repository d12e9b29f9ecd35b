import { deflate, deflateInit, deflateReset } from 'pako/lib/zlib/deflate.js';
import ZStream from 'pako/lib/zlib/zstream.js';

const DEFAULT_LEVEL = -1;
const FINISH = 4;
const output = new Uint8Array(16_384);

/** Its tables take 250 kB: making them anew for each segment takes longer than compressing. */
let stream: ZStream | undefined;

function created(): ZStream {
  const made = new ZStream();
  deflateInit(made, DEFAULT_LEVEL);
  return made;
}

/**
 * Bytes that zlib compresses these to. pako is a port of zlib and gives the lengths of Python's zlib. Browsers have no
 * zlib, and Node's gives other lengths.
 */
export function compressedLength(input: Uint8Array): number {
  stream ??= created();
  deflateReset(stream);
  Object.assign(stream, { input, next_in: 0, avail_in: input.length });
  do {
    Object.assign(stream, { output, next_out: 0, avail_out: output.length });
    deflate(stream, FINISH);
  } while (stream.avail_out === 0);
  return stream.total_out;
}
