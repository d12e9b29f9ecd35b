/** Bodies that are nearly forms, from a seed: the same seed makes the same bodies. */

export const BOUNDARY = 'x-boundary';
export const CONTENT_TYPE = `multipart/form-data; boundary=${BOUNDARY}`;

type Random = () => number;

/** Numbers in [0, 1) (Lehmer's generator), so that a failure can be repeated. */
export function seeded(seed: number): Random {
  // Far apart for seeds that are near.
  let state = ((seed * 1_103_515_245 + 12_345) % 2_147_483_646) + 1;
  return () => (state = (state * 48_271) % 2_147_483_647) / 2_147_483_647;
}

const oneOf = <T>(random: Random, values: readonly T[]): T => values[Math.floor(random() * values.length)]!;

const part = (headers: string[], value: string) => [...headers, '', value].join('\r\n');
const disposition = (more: string) => `Content-Disposition: form-data; ${more}`;

/** Parts as clients send them, and as none does. */
const PARTS: ((random: Random) => string)[] = [
  () => part([disposition('name="file"; filename="talk.mp3"'), 'Content-Type: audio/mpeg'], 'sound'),
  () => part([disposition('name="language"')], 'en'),
  (random) => part([disposition('name="prompt"')], 'p'.repeat(Math.floor(random() * 30_000))),
  // Beyond what a stream holds back by itself.
  (random) => part(['Content-Type: text/plain'], 'y'.repeat(16_000 + Math.floor(random() * 100_000))),
  () => part([], 'neither name nor header'),
  () => part([disposition('filename="talk.mp3"')], 'no name'),
  () => part([disposition('name=""')], 'an empty name'),
  () => part([disposition('name="a\r\nb"')], 'a name on two lines'),
  () => part([disposition('name=file; filename=talk.mp3')], 'without quotes'),
  () => part([disposition('name="file"; filename="a\\"b;\'%22 c.mp3"')], 'quotes'),
  () => part([disposition('name="file"; filename*=UTF-8\'\'na%C3%AFve.mp3')], 'extended'),
  () => part([disposition('name="file"; filename*=UTF-8\'\'%ff%')], 'not to be decoded'),
  () => part([disposition('name="file"; filename*=iso-8859-1\'en\'%A3')], 'another charset'),
  () => part([disposition('name="_charset_"')], 'utf-16'),
  () => part([disposition('name="prompt"'), 'Content-Type: text/plain; charset=utf-16'], 'p'),
  () => part([disposition('name="prompt"'), 'Content-Transfer-Encoding: base64'], 'aGVsbG8='),
  () => part([disposition('name="prompt"'), `X-Long: ${'h'.repeat(40_000)}`], 'p'),
  () => part(Array<string>(500).fill('X-Many: h'), 'p'),
  () => part([disposition('name="prompt"'), disposition('name="language"')], 'twice'),
  () => part([disposition('name="prompt"'), ' folded: header'], 'p'),
  () => part([disposition('name="prompt"'), 'no colon'], 'p'),
  () =>
    part(
      [disposition('name="files"'), 'Content-Type: multipart/mixed; boundary=inner'],
      `--inner\r\n${part([disposition('name="file"; filename="a"')], 'nested')}\r\n--inner--`,
    ),
  () => part([disposition(`name="timestamp_granularities[0]"`)], 'word'),
  () => part([disposition(`name="${'n'.repeat(5000)}"`)], 'a long name'),
  () => part([disposition('name="language"')], `line\r\n--${BOUNDARY}longer\r\n-`),
  () => part([disposition('name="language"')], ''),
  () => part([disposition('name="prompt"')], '\u0000\ud7ff\r\r\n\n'),
  () => part([disposition('name="prompt"')], '\u00e9'),
];

/** Whole bodies, changed somewhere. */
const CHANGES: ((body: string, random: Random) => string)[] = [
  (body) => body,
  (body) => body.replace(/--\r\n$/, ''),
  (body) => body.replace(`--${BOUNDARY}--\r\n`, ''),
  (body, random) => body.slice(0, Math.floor(random() * body.length)),
  (body, random) => body.slice(Math.floor(random() * body.length)),
  (body) => body.replaceAll('\r\n', '\n'),
  (body) => body.replaceAll('\r\n', '\r'),
  (body) => body.replace('\r\n\r\n', '\r\n'),
  (body) => `preamble\r\n${body}epilogue`,
  (body) => `${'preamble '.repeat(1000)}\r\n${body}`,
  (body) => body.replaceAll(`--${BOUNDARY}\r\n`, `--${BOUNDARY} \t\r\n`),
  (body) => body.replaceAll(`--${BOUNDARY}`, `--${BOUNDARY}-`),
  (body) => body + body,
  (body, random) => {
    const at = Math.floor(random() * body.length);
    return `${body.slice(0, at)}${oneOf(random, ['\r\n', '"', ';', '--', `\r\n--${BOUNDARY}`, '\u0000'])}${body.slice(at)}`;
  },
  (body, random) => {
    const at = Math.floor(random() * body.length);
    return body.slice(0, at) + body.slice(at + 1 + Math.floor(random() * 20));
  },
];

/** A body from a seed: a few parts, one or two changes. */
export function mutated(seed: number): Buffer {
  const random = seeded(seed);
  const parts = Array.from({ length: Math.floor(random() * 5) }, () => oneOf(random, PARTS)(random));
  if (random() < 0.02) parts.push(...Array<string>(400).fill(PARTS[1]!(random)));
  if (random() < 0.5) parts.unshift(PARTS[0]!(random));
  let body = `${parts.map((each) => `--${BOUNDARY}\r\n${each}\r\n`).join('')}--${BOUNDARY}--\r\n`;
  for (let changes = 1 + Math.floor(random() * 2); changes > 0; changes--)
    body = oneOf(random, CHANGES)(body, random);
  return Buffer.from(body, random() < 0.5 ? 'utf8' : 'latin1');
}

/** The bytes in pieces, as a network brings them. */
export function pieces(bytes: Buffer, random: Random, most = 2000): Buffer[] {
  const found: Buffer[] = [];
  for (let at = 0; at < bytes.length;) {
    const size = 1 + Math.floor(random() * most);
    found.push(bytes.subarray(at, at + size));
    at += size;
  }
  return found;
}
