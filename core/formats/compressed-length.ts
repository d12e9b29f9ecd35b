import { codeLengths, type Tree } from './huffman';

/**
 * How long zlib makes bytes, to the byte: `len(zlib.compress(…))` of Python, at its own level, which is 6. Written out
 * here, because a browser has no zlib that answers at once, and that of Node finds other repetitions than Python's.
 *
 * The names are those of zlib's `deflate.c` and `trees.c`, version 1.3.1.
 */

const MIN_MATCH = 3;
const MAX_MATCH = 258;
/** How far back a repetition may lie, and a shortest one. */
const MAX_DIST = 32_768 - MAX_MATCH - MIN_MATCH - 1;
const TOO_FAR = 4096;
/** Of level 6: how long a repetition must be to look less hard for a longer one, to look for none, and to take it. */
const GOOD = 8;
const LAZY = 16;
const NICE = 128;
const CHAIN = 128;
/** Symbols of a block. */
const BLOCK = 16_383;
const HASH_SIZE = 32_768;
/** Header and checksum. */
const FRAME_BYTES = 6;

const LITERALS = 256;
const END = 256;
const LENGTH_EXTRA = [0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0];
const DISTANCE_EXTRA = Array.from({ length: 30 }, (_, code) => Math.max((code >> 1) - 1, 0));
const RUN_EXTRA = [...Array<number>(16).fill(0), 2, 3, 7];
const RUN_ORDER = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];
const LITERAL_EXTRA = [...Array<number>(LITERALS + 1).fill(0), ...LENGTH_EXTRA];
const STATIC_LENGTHS = Array.from({ length: 288 }, (_, code) =>
  code < 144 ? 8 : code < 256 ? 9 : code < 280 ? 7 : 8,
);
const STATIC_DISTANCES = DISTANCE_EXTRA.map(() => 5);

/** Bytes that zlib takes for the bytes. */
export function compressedLength(bytes: Uint8Array): number {
  const { length } = bytes;
  const window = new Window(bytes);
  const blocks = new Blocks();
  let [at, available] = [0, false];
  let [matched, start] = [MIN_MATCH - 1, 0];
  while (at < length) {
    const head = window.insert(at);
    const before = { length: matched, start };
    matched = MIN_MATCH - 1;
    // The first byte is never found again: its position stands for none.
    if (head > 0 && before.length < LAZY && at - head <= MAX_DIST) {
      ({ length: matched, start } = window.longestMatch(at, head, before));
      if (matched === MIN_MATCH && at - start > TOO_FAR) matched = MIN_MATCH - 1;
    }
    if (before.length >= MIN_MATCH && matched <= before.length) {
      const end = at - 1 + before.length;
      blocks.match(before.length, at - 1 - before.start);
      while ((at += 1) < end) window.insert(at);
      [available, matched] = [false, MIN_MATCH - 1];
      blocks.flushIfFull(at);
    } else {
      if (available) {
        blocks.literal(bytes[at - 1]!);
        blocks.flushIfFull(at);
      }
      available = true;
      at += 1;
    }
  }
  if (available) blocks.literal(bytes[at - 1]!);
  blocks.flush(at);
  return FRAME_BYTES + Math.ceil(blocks.bits / 8);
}

/** The bytes, and where their threes stand. */
class Window {
  private readonly heads = new Map<number, number>();
  private readonly previous: Int32Array;

  constructor(private readonly bytes: Uint8Array) {
    this.previous = new Int32Array(bytes.length);
  }

  /** Remembers the three bytes at `at`, and tells where such were last; 0 if nowhere. */
  insert(at: number): number {
    if (at + MIN_MATCH > this.bytes.length) return 0;
    const [one, two, three] = [this.bytes[at]!, this.bytes[at + 1]!, this.bytes[at + 2]!];
    const hash = ((one << 10) ^ (two << 5) ^ three) % HASH_SIZE;
    const head = this.heads.get(hash) ?? 0;
    this.previous[at] = head;
    this.heads.set(hash, at);
    return head;
  }

  /** The longest repetition that begins at `at`, if it is longer than the one before. */
  longestMatch(at: number, head: number, before: { length: number; start: number }) {
    const { bytes, previous } = this;
    const most = Math.min(MAX_MATCH, bytes.length - at);
    const nice = Math.min(NICE, bytes.length - at);
    const limit = Math.max(at - MAX_DIST, 0);
    let { length: best, start } = before;
    let chain = before.length >= GOOD ? CHAIN >> 2 : CHAIN;
    for (let match = head; match > limit && chain > 0; match = previous[match]!, chain -= 1) {
      let length = 0;
      while (length < most && bytes[match + length] === bytes[at + length]) length += 1;
      if (length <= best) continue;
      [best, start] = [length, match];
      if (length >= nice) break;
    }
    return { length: Math.min(best, most), start };
  }
}

/** Counts the bits of one block after another. */
class Blocks {
  bits = 0;
  private begin = 0;
  private symbols = 0;
  private literals = emptyLiterals();
  private distances = Array<number>(DISTANCE_EXTRA.length).fill(0);

  literal(byte: number): void {
    this.literals[byte]! += 1;
    this.symbols += 1;
  }

  match(length: number, distance: number): void {
    this.literals[END + 1 + lengthCode(length)]! += 1;
    this.distances[distanceCode(distance)]! += 1;
    this.symbols += 1;
  }

  flushIfFull(at: number): void {
    if (this.symbols === BLOCK) this.flush(at);
  }

  /** In the shortest of the three ways: as it is, with the codes that everyone knows, or with its own. */
  flush(at: number): void {
    const literals = codeLengths(this.literals, 15, LITERAL_EXTRA);
    const distances = codeLengths(this.distances, 15, DISTANCE_EXTRA);
    const own = headerBits(literals, distances) + literals.bits + distances.bits;
    const common =
      bitsOf(this.literals, STATIC_LENGTHS, LITERAL_EXTRA) +
      bitsOf(this.distances, STATIC_DISTANCES, DISTANCE_EXTRA);
    const inBytes = (bits: number) => (bits + 3 + 7) >> 3;
    const least = Math.min(inBytes(own), inBytes(common));
    const plain = at - this.begin;
    if (plain + 4 <= least) this.bits = 8 * (Math.ceil((this.bits + 3) / 8) + 4 + plain);
    else this.bits += 3 + (inBytes(common) === least ? common : own);
    [this.begin, this.symbols] = [at, 0];
    this.literals = emptyLiterals();
    this.distances.fill(0);
  }
}

function emptyLiterals(): number[] {
  const counts = Array<number>(END + 1 + LENGTH_EXTRA.length).fill(0);
  counts[END] = 1;
  return counts;
}

/** Bits that tell the two codes. */
function headerBits(literals: Tree, distances: Tree): number {
  const counts = Array<number>(RUN_EXTRA.length).fill(0);
  for (const { lengths, maxCode } of [literals, distances]) countRuns(lengths.slice(0, maxCode + 1), counts);
  const { lengths, bits } = codeLengths(counts, 7, RUN_EXTRA);
  const last = RUN_ORDER.findLastIndex((code) => lengths[code]! > 0);
  return 5 + 5 + 4 + 3 * (Math.max(last, 3) + 1) + bits;
}

/** Counts the symbols that tell the lengths of a code: each as it is, or as a run of the same. */
function countRuns(lengths: readonly number[], counts: number[]): void {
  let [before, count] = [-1, 0];
  let [most, least] = lengths[0] === 0 ? [138, 3] : [7, 4];
  lengths.forEach((length, index) => {
    const next = lengths[index + 1];
    count += 1;
    if (count < most && length === next) return;
    if (count < least) counts[length]! += count;
    else if (length !== 0) {
      if (length !== before) counts[length]! += 1;
      counts[16]! += 1;
    } else counts[count <= 10 ? 17 : 18]! += 1;
    [before, count] = [length, 0];
    [most, least] = next === 0 ? [138, 3] : length === next ? [6, 3] : [7, 4];
  });
}

const bitsOf = (counts: readonly number[], lengths: readonly number[], extra: readonly number[]) =>
  counts.reduce((sum, count, code) => sum + count * (lengths[code]! + extra[code]!), 0);

/** Which range a length lies in, counted from 0. */
function lengthCode(length: number): number {
  if (length === MAX_MATCH) return LENGTH_EXTRA.length - 1;
  return rangeOf(length - MIN_MATCH, 4);
}

const distanceCode = (distance: number) => rangeOf(distance - 1, 2);

/** The ranges double their size after every `group` of them; the first two groups hold one value each. */
function rangeOf(value: number, group: number): number {
  if (value < 2 * group) return value;
  const extra = Math.floor(Math.log2(value / group));
  return group * extra + (value >> extra);
}
