import { deflate } from 'pako';
import { compressedLength } from '../../../core/formats/compressed-length';
import { Random } from '../../support/random';

test('is what a new compressor gives, whatever was compressed before', () => {
  const random = new Random(7);
  // The longest goes through the window of 32 kB several times.
  const lengths = [
    0,
    1,
    3,
    200_000,
    5,
    0,
    70_000,
    ...Array.from({ length: 300 }, () => random.integer(0, 400)),
  ];
  for (const length of lengths) {
    const letters = random.integer(1, 200);
    const text = Uint8Array.from({ length }, () => random.integer(32, 31 + letters));
    expect(compressedLength(text)).toBe(deflate(text).length);
  }
});
