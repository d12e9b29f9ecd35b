import { FormError } from './form-error';
import { type Part, partOf, parameters } from './part-headers';

/** Boundaries have 70 characters at most (RFC 2046). */
const MOST_BOUNDARY = 70;
const MOST_HEADER_BYTES = 16 << 10;
/** What comes before the first boundary: no client of ours sends any. */
const MOST_PREAMBLE_BYTES = 4 << 10;
/** Spaces after a boundary, which gateways of mail once added. */
const MOST_PADDING = 100;

const CRLF = Buffer.from('\r\n');
const END_OF_HEADERS = Buffer.from('\r\n\r\n');
const DASH = 0x2d;

/** What a body holds, in its order: a part, its content in pieces, its end. */
export type PartEvent = { type: 'part'; part: Part } | { type: 'data'; bytes: Buffer } | { type: 'end' };

/**
 * Reads multipart/form-data (RFC 7578) from a body that comes whole or in pieces, in one pass: it holds the headers of one part
 * at most. Every body ends in the events of a form or in an error. Why it is no library: docs/decisions/019.
 */
export class MultipartReader {
  private readonly delimiter: Buffer;
  private state: 'preamble' | 'headers' | 'content' | 'epilogue' = 'preamble';
  /** Not taken yet. The first boundary lacks the line end that belongs to all others. */
  private rest: Buffer = CRLF;
  /** Bytes at the beginning of `rest` that are no content: the line end after the headers, which a boundary may share. */
  private lead = 0;
  private skipped = 0;

  /** @throws FormError if the content type has no boundary, or one that nobody may choose */
  constructor(contentType: string) {
    const boundary = parameters(contentType.replace(/^[^;]*/, ''))?.get('boundary') ?? '';
    if (boundary === '' || boundary.length > MOST_BOUNDARY)
      throw new FormError(
        `The form's Content-Type needs a boundary of 1 to ${MOST_BOUNDARY} characters; it has ${boundary.length}`,
      );
    this.delimiter = Buffer.from(`\r\n--${boundary}`, 'latin1');
  }

  /**
   * Takes the next bytes. The events have to be read to their end before more is written.
   *
   * @throws FormError at the first byte that cannot belong to a form
   */
  *write(bytes: Buffer): Generator<PartEvent> {
    if (this.state === 'epilogue') return;
    this.rest = Buffer.concat([this.rest, bytes]);
    let more = true;
    while (more) more = this.state === 'headers' ? yield* this.headers() : yield* this.content();
  }

  /** @throws FormError if the body has ended before the form has */
  end(): void {
    if (this.state === 'epilogue') return;
    throw new FormError(
      this.state === 'preamble'
        ? 'The form cannot be read: the boundary of its Content-Type does not occur in it'
        : 'The form is cut off: its closing boundary is missing',
    );
  }

  /** Takes a part's headers. Returns whether there may be more in `rest`. */
  private *headers(): Generator<PartEvent, boolean> {
    const at = this.rest.indexOf(END_OF_HEADERS);
    if (Math.max(at, at < 0 ? this.rest.length : 0) > MOST_HEADER_BYTES)
      throw new FormError(`A part of the form has more than ${MOST_HEADER_BYTES} bytes of headers`);
    if (at < 0) return false;
    const part = partOf(this.rest.toString('utf8', 0, at));
    this.take(at + CRLF.length);
    this.lead = CRLF.length;
    this.state = 'content';
    yield { type: 'part', part };
    return true;
  }

  /** Takes content up to the next boundary, and that. Returns whether there may be more in `rest`. */
  private *content(): Generator<PartEvent, boolean> {
    const at = this.rest.indexOf(this.delimiter);
    // The last bytes may be the beginning of a boundary.
    yield* this.inside(at < 0 ? this.rest.length - this.delimiter.length + 1 : at);
    if (at < 0) return false;
    const found = this.afterDelimiter();
    if (found === 'unknown') return false;
    if (found === undefined) {
      // A line that begins like the boundary and is longer.
      yield* this.inside(CRLF.length);
      return true;
    }
    if (this.state === 'content') yield { type: 'end' };
    this.lead = 0;
    this.state = found.closing ? 'epilogue' : 'headers';
    this.take(found.closing ? this.rest.length : found.bytes);
    return !found.closing;
  }

  /** Takes so many bytes of content, or of what comes before the first part. */
  private *inside(count: number): Generator<PartEvent> {
    if (count <= 0) return;
    const bytes = this.rest.subarray(Math.min(this.lead, count), count);
    this.lead = Math.max(0, this.lead - count);
    this.take(count);
    if (this.state === 'content' && bytes.length > 0) yield { type: 'data', bytes };
    if (this.state === 'preamble' && (this.skipped += count) > MOST_PREAMBLE_BYTES)
      throw new FormError('The form cannot be read: it does not begin with the boundary of its Content-Type');
  }

  /**
   * What follows the delimiter at the beginning of `rest`: the bytes up to the line end before the headers. Undefined if it is
   * no delimiter after all.
   */
  private afterDelimiter(): { closing: boolean; bytes: number } | 'unknown' | undefined {
    let at = this.delimiter.length;
    const next = (offset = 0) => this.rest[at + offset];
    if (next() === DASH) {
      if (next(1) === undefined) return 'unknown';
      return next(1) === DASH ? { closing: true, bytes: at + 2 } : undefined;
    }
    const padded = at + MOST_PADDING;
    while (at < padded && (next() === 0x20 || next() === 0x09)) at++;
    if (next() === undefined || (next() === CRLF[0] && next(1) === undefined)) return 'unknown';
    return next() === CRLF[0] && next(1) === CRLF[1] ? { closing: false, bytes: at } : undefined;
  }

  private take(count: number): void {
    this.rest = this.rest.subarray(count);
  }
}
