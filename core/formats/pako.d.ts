// The parts of pako that compress. Its own types are those of the whole.
declare module 'pako/lib/zlib/zstream.js' {
  export default class ZStream {
    avail_out: number;
    total_out: number;
  }
}

declare module 'pako/lib/zlib/deflate.js' {
  import type ZStream from 'pako/lib/zlib/zstream.js';
  export function deflateInit(stream: ZStream, level: number): number;
  export function deflateReset(stream: ZStream): number;
  export function deflate(stream: ZStream, flush: number): number;
}
