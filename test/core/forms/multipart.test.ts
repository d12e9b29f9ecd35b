import { readForm } from '../../../lambda/openai/audio/audio-form';
import { FormError } from '../../../core/forms/form-error';
import { Refusal } from '../../../lambda/frame/refusal';
import { MultipartReader } from '../../../core/forms/multipart';
import { BOUNDARY, CONTENT_TYPE, mutated, pieces, seeded } from '../../multipart-mutations';

/** The result of reading a body in these pieces: each part with its content, or the error. */
function read(chunks: Buffer[], contentType = CONTENT_TYPE): string {
  const found: string[] = [];
  try {
    const reader = new MultipartReader(contentType);
    for (const chunk of chunks)
      for (const event of reader.write(chunk)) {
        if (event.type === 'part') found.push(`${event.part.name}|${event.part.filename ?? '-'}|`);
        else if (event.type === 'data') found[found.length - 1] += event.bytes.toString('latin1');
        else found[found.length - 1] += '.';
      }
    reader.end();
  } catch (error) {
    if (!(error instanceof FormError)) throw error;
    found.push(`refused: ${error.message}`);
  }
  return found.join('\n');
}

const whole = (body: string, contentType?: string) => read([Buffer.from(body, 'latin1')], contentType);
const form = (...parts: string[]) =>
  `${parts.map((each) => `--${BOUNDARY}\r\n${each}\r\n`).join('')}--${BOUNDARY}--\r\n`;
const named = (parameters: string, value = 'v') =>
  `Content-Disposition: form-data; ${parameters}\r\n\r\n${value}`;

describe('a form', () => {
  test.each<[string, string, string]>([
    [
      'of a field and a file',
      form(named('name="a"'), named('name="file"; filename="t.mp3"', 's')),
      'a|-|v.\nfile|t.mp3|s.',
    ],
    ['with an empty value', form(named('name="a"', '')), 'a|-|.'],
    ['whose part ends with its headers', `--${BOUNDARY}\r\n${named('name="a"', '')}--${BOUNDARY}--`, 'a|-|.'],
    ['without quotes', form(named('name=a;filename=b')), 'a|b|v.'],
    ['with a quote in a name', form(named('name="file"; filename="a\\"b.mp3"')), 'file|a"b.mp3|v.'],
    ['with a backslash at the end of a name', form(named('name="file"; filename="a\\"')), 'file|a\\|v.'],
    ['with a semicolon in a name', form(named('name="file"; filename="a;b.mp3"')), 'file|a;b.mp3|v.'],
    [
      'with an extended name',
      form(named('name="file"; filename="x"; filename*=UTF-8\'\'%C3%AF')),
      'file|ï|v.',
    ],
    ['with spaces after its boundary', form(named('name="a"')).replace(BOUNDARY, `${BOUNDARY} \t`), 'a|-|v.'],
    ['with a preamble and an epilogue', `hello\r\n${form(named('name="a"'))}bye`, 'a|-|v.'],
    [
      'with a line like the boundary',
      form(named('name="a"', `\r\n--${BOUNDARY}er\r\n--`)),
      `a|-|\r\n--${BOUNDARY}er\r\n--.`,
    ],
    ['without parts', form(), ''],
  ])('%s is read', (_, body, events) => expect(whole(body)).toBe(events));

  test.each<[string, string, RegExp]>([
    ['has no name in a part', form('Content-Type: text/plain\r\n\r\nv'), /no name/],
    ['has an empty name', form(named('name=""')), /no name/],
    ['is of another kind', form('Content-Disposition: attachment; name="a"\r\n\r\nv'), /no name/],
    ['has no headers', form('\r\nv'), /no name/],
    ['has half a parameter', form(named('name="a"; b')), /no name/],
    ['is encoded', form(`Content-Transfer-Encoding: base64\r\n${named('name="a"')}`), /"a" has .*"base64"/],
    [
      'is in another charset',
      form(`Content-Type: text/plain; charset=utf-16\r\n${named('name="a"')}`),
      /"utf-16"/,
    ],
    ['has an endless header', `--${BOUNDARY}\r\nX: ${'h'.repeat(17_000)}`, /16384 bytes of headers/],
    ['has an invalid header', form(`hello\r\n${named('name="a"')}`), /invalid header: "hello"/],
    [
      'has a header twice',
      form(`${named('name="a"', '').trim()}\r\n${named('name="b"')}`),
      /repeats the header/,
    ],
    [
      'has no closing boundary',
      form(named('name="a"')).replace(/--\r\n$/, '\r\n'),
      /closing boundary is missing/,
    ],
    ['ends in a boundary', form(named('name="a"')).replace(/-\r\n$/, ''), /closing boundary is missing/],
    ['ends in its headers', `--${BOUNDARY}\r\nContent-Dis`, /closing boundary is missing/],
    ['has another boundary', '--y\r\n\r\n--y--', /does not contain the boundary/],
    [
      'has the line ends of a file',
      form(named('name="a"')).replaceAll('\r\n', '\n'),
      /does not contain|cut off/,
    ],
    ['has an endless preamble', 'p'.repeat(5000), /does not begin with the boundary/],
  ])('that %s is refused', (_, body, message) => expect(whole(body)).toMatch(message));

  test.each([
    'multipart/form-data',
    'multipart/form-data; boundary=""',
    `multipart/form-data; boundary=${'b'.repeat(71)}`,
  ])('has no boundary: %s', (type) =>
    expect(whole(form(), type)).toMatch(/must have a boundary of 1 to 70 characters/),
  );
});

const SEEDS = Array.from({ length: 20 }, (_, group) => group * 250);

describe.each(SEEDS)('mutated forms, from seed %d on', (first) => {
  const seeds = Array.from({ length: 250 }, (_, index) => first + index);

  test('have the same result whole and in pieces: a form or one error', () => {
    for (const seed of seeds) {
      const body = mutated(seed);
      const once = read([body]);
      const many = read(pieces(body, seeded(seed)));
      expect({ seed, found: many }).toEqual({ seed, found: once });
    }
  });

  test('are read by the function, or refused with a short answer', () => {
    for (const seed of seeds) {
      try {
        expect(readForm(mutated(seed), CONTENT_TYPE, 1_000_000).fields).toBeInstanceOf(Map);
      } catch (error) {
        if (!(error instanceof Refusal)) throw new Error(`seed ${seed}`, { cause: error });
        expect([400, 413]).toContain(error.status);
        expect(JSON.stringify(error.response).length).toBeLessThan(1000);
      }
    }
  });
});

test('the mutated forms cover valid forms and many errors', () => {
  const kinds = new Map<string, number>();
  for (let seed = 0; seed < 5000; seed++) {
    const [, kind = 'a form'] = /refused: (.{55})/.exec(read([mutated(seed)])) ?? [];
    kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
  }
  expect(kinds.get('a form')).toBeGreaterThan(300);
  expect(kinds.size).toBeGreaterThan(8);
});
