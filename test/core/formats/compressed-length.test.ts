import { compressedLength } from '../../../core/formats/compressed-length';

/** Repeatable numbers, each below `below`. */
function numbers(count: number, below: number): number[] {
  return states(count).map((state) => state % below);
}

function states(count: number): number[] {
  let state = 7;
  return Array.from({ length: count }, () => (state = (state * 48_271) % 2_147_483_647));
}

const text = (count: number, words: number) =>
  numbers(count, words)
    .map((word) => `${word} `)
    .join('');

// The figures are those of Python's zlib 1.2.13.
describe('is as long as zlib makes', () => {
  test.each([
    ['', 8],
    ['Take', 12],
    ['la '.repeat(100), 15],
    [text(10, 9), 25],
    [text(300, 40), 335],
    [text(3000, 900), 5254],
    // Several blocks, and repetitions out of reach.
    [text(30_000, 5000), 61_398],
  ])('words', (words, length) => {
    expect(compressedLength(new TextEncoder().encode(words))).toBe(length);
  });

  test.each([
    [1, 256, 9],
    // Nothing to be gained: kept as they are.
    [20, 256, 29],
    [3000, 256, 3011],
    [300, 2, 81],
    [5000, 5, 1862],
    [40_000, 3, 9624],
    [40_000, 60, 29_914],
  ])('%d bytes of %d kinds', (count, kinds, length) => {
    expect(compressedLength(Uint8Array.from(numbers(count, kinds)))).toBe(length);
  });

  test('bytes so rare that their codes must be cut', () => {
    const rare = states(15_000).map((state) => Math.floor(200 * (state / 2_147_483_647) ** 8));
    expect(compressedLength(Uint8Array.from(rare))).toBe(9231);
  });
});
