import { FormError } from './form-error';
import { shown } from '../contract/text';

/** What a part of a form says of itself. */
export interface Part {
  name: string;
  /** What the sender calls the file, which may be nothing. @default - the part is text */
  filename?: string;
}

const PARAMETER = /\s*;\s*([^\s;="]+)\s*=\s*(?:"((?:[^"]|"(?!\s*(?:;|$)))*)"|([^\s;"]*))/y;
const REST = /[\s;]*/y;
/** Encodings that leave the content as it is. Others were given up by RFC 7578. */
const PLAIN = /^(7bit|8bit|binary)$/i;
/** What clients write fields in. */
const CHARSETS = /^(utf-?8|(us-)?ascii)$/i;

/**
 * The parameters of a header: what comes after its first semicolon, that included.
 *
 * Clients differ in how they write a quote inside of quotes (`\"` by RFC 7578's examples, `%22` by WHATWG's), and in whether
 * a backslash means anything: a quote ends a value where a semicolon or the end follows.
 *
 * @returns undefined if they cannot be read
 */
export function parameters(text: string): Map<string, string> | undefined {
  const found = new Map<string, string>();
  let at = 0;
  for (;;) {
    PARAMETER.lastIndex = at;
    const match = PARAMETER.exec(text);
    if (match === null) break;
    at = PARAMETER.lastIndex;
    const [, name = '', quoted, plain = ''] = match;
    found.set(name.toLowerCase(), quoted?.replace(/\\(["\\])/g, '$1') ?? plain);
  }
  REST.lastIndex = at;
  REST.exec(text);
  return REST.lastIndex === text.length ? found : undefined;
}

/**
 * Reads a part's headers.
 *
 * @throws FormError if they do not say which field it is, or say that its content is encoded
 */
export function partOf(text: string): Part {
  const headers = headersOf(text);
  const [, type = '', more = ''] = /^\s*([^;\s]*)(.*)$/s.exec(headers.get('content-disposition') ?? '') ?? [];
  const disposition = parameters(more);
  const name = disposition?.get('name') ?? '';
  if (type.toLowerCase() !== 'form-data' || disposition === undefined || name === '')
    throw new FormError(
      'A part of the form has no name: each needs a header such as Content-Disposition: form-data; name="file"',
    );
  const encoding = headers.get('content-transfer-encoding') ?? 'binary';
  if (!PLAIN.test(encoding))
    throw new FormError(
      `${shown(name)} has the Content-Transfer-Encoding ${shown(encoding)}: send it as it is`,
      name,
    );
  const kind = headers.get('content-type') ?? '';
  const filename = extended(disposition.get('filename*')) ?? disposition.get('filename');
  if (filename !== undefined || /^application\/octet-stream\b/i.test(kind))
    return { name, filename: filename ?? '' };
  const charset = parameters(kind.replace(/^[^;]*/, ''))?.get('charset') ?? 'utf-8';
  if (!CHARSETS.test(charset))
    throw new FormError(`${shown(name)} has the charset ${shown(charset)}: send it in UTF-8`, name);
  return { name };
}

/** Header names in lower case. */
function headersOf(text: string): Map<string, string> {
  const headers = new Map<string, string>();
  // A line that begins with a blank goes on with the one before.
  for (const line of text.replace(/\r\n[ \t]+/g, ' ').split('\r\n')) {
    if (line === '') continue;
    const colon = line.indexOf(':');
    const name = line.slice(0, Math.max(colon, 0)).trim().toLowerCase();
    if (!/^[!#$%&'*+.^_`|~0-9a-z-]+$/.test(name))
      throw new FormError(`A part of the form has a header that cannot be read: ${shown(line)}`);
    if (headers.has(name)) throw new FormError(`A part of the form has the header ${shown(name)} twice`);
    headers.set(name, line.slice(colon + 1).trim());
  }
  return headers;
}

/** A file's name as RFC 5987 writes it: `UTF-8''na%C3%AFve.mp3`. What cannot be read counts as not given. */
function extended(value: string | undefined): string | undefined {
  const [, encoded] = /^utf-8'[^']*'(.*)$/is.exec(value ?? '') ?? [];
  try {
    return encoded === undefined ? undefined : decodeURIComponent(encoded);
  } catch {
    return undefined;
  }
}
