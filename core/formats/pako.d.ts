// The part of pako that compresses, without the part that decompresses: its types are those of the whole.
declare module 'pako/lib/deflate.js' {
  export { deflate } from 'pako';
}
