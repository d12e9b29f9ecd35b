import { BodyHash } from '../../../docker/worker/src/http/body-hash';

const formType = (boundary: string) => `multipart/form-data; boundary=${boundary}`;

function hashed(pieces: string[], contentType?: string): string {
  const hash = new BodyHash('/v1/audio/transcriptions', contentType);
  for (const piece of pieces) hash.update(Buffer.from(piece));
  return hash.digest();
}

const form = (boundary: string, ...parts: string[]) =>
  [...parts.map((part) => `--${boundary}\r\n\r\n${part}\r\n`), `--${boundary}--\r\n`].join('');

describe('the hash of a body', () => {
  test('does not depend on the boundary or the chunks', () => {
    const whole = hashed([form('abc', 'one', 'two')], formType('abc'));
    const other = form('------WebKitFormBoundary7', 'one', 'two');
    for (let size = 1; size <= other.length; size++) {
      const pieces = other.match(new RegExp(`[^]{1,${size}}`, 'g'))!;
      expect(hashed(pieces, formType('"------WebKitFormBoundary7"'))).toBe(whole);
    }
  });

  test('differs if the parts, their division or the path differ', () => {
    const hashes = [
      hashed([form('abc', 'one', 'two')], formType('abc')),
      hashed([form('abc', 'one', 'twp')], formType('abc')),
      hashed([form('abc', 'on', 'etwo')], formType('abc')),
      hashed([form('abc', 'one', 'two')]),
      new BodyHash('/v1/audio/transcriptions').digest(),
      new BodyHash('/v1/audio/translations').digest(),
    ];
    expect(new Set(hashes).size).toBe(hashes.length);
  });

  test.each([undefined, 'audio/wav', 'multipart/form-data; boundary=', 'multipart/form-data; boundary=""'])(
    'is of one part without a boundary: %s',
    (contentType) => {
      expect(hashed(['so', 'und'], contentType)).toBe(hashed(['sound'], contentType));
    },
  );
});
