import { MOST_PARTS } from '../../../core/contract/limits';
import { partSize, partSizes, type StoredPart, wholeUpload } from '../../../lambda/api/upload-parts';

const MIB = 2 ** 20;

describe('an upload is split', () => {
  test.each([
    [1, [1]],
    [8 * MIB, [8 * MIB]],
    [8 * MIB + 1, [8 * MIB, 1]],
    [20 * MIB, [8 * MIB, 8 * MIB, 4 * MIB]],
  ])('%i bytes into %j', (size, sizes) => expect(partSizes(size)).toEqual(sizes));

  test.each([1600 * MIB, 1600 * MIB + 1, 5 * 2 ** 30, 5 * 2 ** 30 - 1, 5 * 2 ** 40])(
    '%i bytes into few parts, none too small for S3 but the last, all bytes once',
    (size) => {
      const sizes = partSizes(size);
      expect(sizes.length).toBeLessThanOrEqual(MOST_PARTS);
      expect(new Set(sizes.slice(0, -1))).toEqual(new Set([partSize(size)]));
      expect(partSize(size)).toBeGreaterThanOrEqual(5 * MIB);
      expect(sizes.at(-1)).toBeGreaterThan(0);
      expect(sizes.reduce((sum, each) => sum + each, 0)).toBe(size);
    },
  );
});

describe('an upload', () => {
  const SIZE = 20 * MIB;
  const stored: StoredPart[] = partSizes(SIZE).map((size, index) => ({
    number: index + 1,
    etag: `"e${index + 1}"`,
    size,
  }));
  const given = stored.map(({ number, etag }) => ({ number, etag }));

  test('is complete if all parts are stored, listed in any order, with or without quotes', () => {
    expect(wholeUpload(given, stored, SIZE)).toEqual(stored);
    const others = given.map(({ number, etag }) => ({ number, etag: etag.slice(1, -1) })).reverse();
    expect(wholeUpload(others, stored, SIZE)).toEqual(stored);
  });

  test.each([
    ['an unknown part', [...given, { number: 4, etag: 'x' }], /has 3 parts; got part 4/],
    ['a missing part', given.slice(0, 2), /part 3 is missing/],
    ['a part listed twice', [...given, given[0]!], /listed twice/],
    [
      'other content',
      [given[0]!, { number: 2, etag: '"other"' }, given[2]!],
      /a different part 2: its ETag is e2/,
    ],
  ])('is refused with %s', (_, parts, message) => {
    expect(() => wholeUpload(parts, stored, SIZE)).toThrow(message);
    expect(() => wholeUpload(parts, stored, SIZE)).toThrow(
      expect.objectContaining({ status: 400, code: 'invalid_request', options: { param: 'parts' } }),
    );
  });

  test.each([
    ['has not arrived', stored.filter(({ number }) => number !== 2)],
    ['is shorter than it must be', stored.map((part) => ({ ...part, size: part.size - 1 }))],
  ])('waits for a part that %s', (_, there) => {
    expect(() => wholeUpload(given, there, SIZE)).toThrow(
      expect.objectContaining({ status: 409, code: 'not_ready', options: { param: 'parts' } }),
    );
  });
});
