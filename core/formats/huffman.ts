/** A code of at most so many bits a symbol. */
export interface Tree {
  /** Bits of each symbol; 0 for one that does not occur. */
  lengths: number[];
  /** The last symbol that has a code. */
  maxCode: number;
  /** Bits of all symbols together, with what each of them brings along. */
  bits: number;
}

/**
 * The code that zlib gives symbols by how often they occur. `build_tree` and `gen_bitlen` of its `trees.c`: where there
 * are several best codes, it is the one that zlib takes, because telling the code takes bits as well.
 *
 * @param counts of each symbol
 * @param maxLength greatest number of bits a symbol
 * @param extra bits that follow each symbol
 */
export function codeLengths(counts: readonly number[], maxLength: number, extra: readonly number[]): Tree {
  const freqs = [...counts];
  const codes: number[] = [];
  for (let code = 0; code < freqs.length; code += 1) if (freqs[code]! > 0) codes.push(code);
  let maxCode = codes.at(-1) ?? -1;
  let bits = 0;
  while (codes.length < 2) {
    // A code has two symbols at least: the other one is told and never used.
    const code = maxCode < 2 ? (maxCode += 1) : 0;
    codes.push(code);
    freqs[code] = 1;
    bits -= 1;
  }
  const { order, dads } = merged(freqs, codes);
  const lengths = Array<number>(freqs.length).fill(0);
  const used = Array<number>(maxLength + 1).fill(0);
  let overflow = 0;
  for (const node of order.slice(1)) {
    const own = lengths[dads[node]!]! + 1;
    if (own > maxLength) overflow += 1;
    lengths[node] = Math.min(own, maxLength);
    if (node <= maxCode) used[lengths[node]]! += 1;
  }
  if (overflow > 0) {
    shorten(used, maxLength, overflow);
    // The rarest symbols come last and get the longest codes.
    const leaves = order.filter((node) => node <= maxCode);
    for (let length = maxLength; length > 0; length -= 1) {
      for (let left = used[length]!; left > 0; left -= 1) lengths[leaves.pop()!] = length;
    }
  }
  for (const code of codes) bits += freqs[code]! * (lengths[code]! + extra[code]!);
  return { lengths: lengths.slice(0, counts.length), maxCode, bits };
}

/** All nodes from the root on, rarer ones later, and the node above each. Lengthens `freqs` by the inner nodes. */
function merged(freqs: number[], leaves: readonly number[]): { order: number[]; dads: number[] } {
  // Counted from 1, as in zlib: the children of `k` are `2 * k` and `2 * k + 1`.
  const heap = [-1, ...leaves];
  const depths = Array<number>(freqs.length).fill(0);
  const dads: number[] = [];
  const order: number[] = [];
  const smaller = (n: number, m: number) =>
    freqs[n]! < freqs[m]! || (freqs[n] === freqs[m] && depths[n]! <= depths[m]!);
  const down = (from: number) => {
    const value = heap[from]!;
    let at = from;
    for (let child = 2 * at; child < heap.length; child = 2 * at) {
      if (child + 1 < heap.length && smaller(heap[child + 1]!, heap[child]!)) child += 1;
      if (smaller(value, heap[child]!)) break;
      heap[at] = heap[child]!;
      at = child;
    }
    heap[at] = value;
  };
  for (let at = leaves.length >> 1; at >= 1; at -= 1) down(at);
  while (heap.length > 2) {
    const rarest = heap[1]!;
    const last = heap.pop()!;
    heap[1] = last;
    down(1);
    const next = heap[1];
    order.push(rarest, next);
    const node = freqs.push(freqs[rarest]! + freqs[next]!) - 1;
    depths.push(Math.max(depths[rarest]!, depths[next]!) + 1);
    dads[rarest] = dads[next] = node;
    heap[1] = node;
    down(1);
  }
  order.push(heap[1]!);
  return { order: order.reverse(), dads };
}

/** Makes room for symbols whose codes were cut: `used` has how many codes there are of each length. */
function shorten(used: number[], maxLength: number, overflow: number): void {
  for (let left = overflow; left > 0; left -= 2) {
    let length = maxLength - 1;
    while (used[length] === 0) length -= 1;
    used[length]! -= 1;
    used[length + 1]! += 2;
    used[maxLength]! -= 1;
  }
}
