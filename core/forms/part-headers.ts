import { FormError } from './form-error';
import { shown } from '../contract/text';

/** The parsed headers of a form's part. */
export interface Part {
  name: string;
  /** The file name given by the sender, which may be empty. @default - the part is a text field */
  filename?: string;
}

const PARAMETER = /\s*;\s*([^\s;="]+)\s*=\s*(?:"((?:[^"]|"(?!\s*(?:;|$)))*)"|([^\s;"]*))/y;
const REST = /[\s;]*/y;
/** Encodings that do not change the content. RFC 7578 deprecates all others. */
const PLAIN = /^(7bit|8bit|binary)$/i;
/** Charsets of text fields that are accepted. */
const CHARSETS = /^(utf-?8|(us-)?ascii)$/i;

/**
 * Parses the parameters of a header, from its first semicolon on.
 *
 * Clients escape a quote within quotes differently (`\"` in RFC 7578's examples, `%22` in
 * WHATWG's), and some use a plain backslash. Therefore a quote ends a value only before a semicolon
 * or the end.
 *
 * @returns undefined if they cannot be parsed
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
 * Parses a part's headers.
 *
 * @throws FormError if they name no field, or the content is encoded
 */
export function partOf(text: string): Part {
  const headers = headersOf(text);
  const [, type = '', more = ''] = /^\s*([^;\s]*)(.*)$/s.exec(headers.get('content-disposition') ?? '') ?? [];
  const disposition = parameters(more);
  const name = disposition?.get('name') ?? '';
  if (type.toLowerCase() !== 'form-data' || disposition === undefined || name === '')
    throw new FormError(
      'A part of the form has no name: each part must have a header such as Content-Disposition: form-data; name="file"',
    );
  const encoding = headers.get('content-transfer-encoding') ?? 'binary';
  if (!PLAIN.test(encoding))
    throw new FormError(
      `${shown(name)} has the Content-Transfer-Encoding ${shown(encoding)}: send it without encoding`,
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

/** The headers of a part, with names in lower case. */
function headersOf(text: string): Map<string, string> {
  const headers = new Map<string, string>();
  // A line that starts with a space or a tab continues the previous one.
  for (const line of text.replace(/\r\n[ \t]+/g, ' ').split('\r\n')) {
    if (line === '') continue;
    const colon = line.indexOf(':');
    const name = line.slice(0, Math.max(colon, 0)).trim().toLowerCase();
    if (!/^[!#$%&'*+.^_`|~0-9a-z-]+$/.test(name))
      throw new FormError(`A part of the form has an invalid header: ${shown(line)}`);
    if (headers.has(name)) throw new FormError(`A part of the form repeats the header ${shown(name)}`);
    headers.set(name, line.slice(colon + 1).trim());
  }
  return headers;
}

/**
 * Decodes a file name in RFC 5987 format, such as `UTF-8''na%C3%AFve.mp3`. Undefined if it cannot
 * be decoded.
 */
function extended(value: string | undefined): string | undefined {
  const [, encoded] = /^utf-8'[^']*'(.*)$/is.exec(value ?? '') ?? [];
  try {
    return encoded === undefined ? undefined : decodeURIComponent(encoded);
  } catch {
    return undefined;
  }
}
