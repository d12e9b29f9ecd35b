import { FormError } from './form-error';
import { type Part, partOf, parameters } from './part-headers';

/** Most characters of a boundary (RFC 2046). */
const MOST_BOUNDARY = 70;
const MOST_HEADER_BYTES = 16 << 10;
/** Most bytes before the first boundary. Known clients send none. */
const MOST_PREAMBLE_BYTES = 4 << 10;
/** Most spaces after a boundary, which mail gateways used to add. */
const MOST_PADDING = 100;

const CRLF = Buffer.from('\r\n');
const END_OF_HEADERS = Buffer.from('\r\n\r\n');
const DASH = 0x2d;

/** The contents of a body, in order: a part, its content in chunks, its end. */
export type PartEvent = { type: 'part'; part: Part } | { type: 'data'; bytes: Buffer } | { type: 'end' };

/** The boundary in a content type. Empty if there is none. */
export const boundaryOf = (contentType: string): string =>
  parameters(contentType.replace(/^[^;]*/, ''))?.get('boundary') ?? '';

/**
 * Parses multipart/form-data (RFC 7578) in one pass, from a whole body or from chunks. It buffers
 * at most the headers of one part. Every body results in the events of a form or in an error. For
 * why no library is used, see docs/decisions/019.
 */
export class MultipartReader {
  private readonly delimiter: Buffer;
  private state: 'preamble' | 'headers' | 'content' | 'epilogue' = 'preamble';
  /**
   * Bytes that are not consumed yet. The first boundary has no line end before it, unlike all
   * others, so one is added.
   */
  private rest: Buffer = CRLF;
  /**
   * Bytes at the start of `rest` that are not content: the line end after the headers, which may
   * also be part of a boundary.
   */
  private lead = 0;
  private skipped = 0;

  /** @throws FormError if the content type has no boundary, or an invalid one */
  constructor(contentType: string) {
    const boundary = boundaryOf(contentType);
    if (boundary === '' || boundary.length > MOST_BOUNDARY)
      throw new FormError(
        `The form's Content-Type must have a boundary of 1 to ${MOST_BOUNDARY} characters; got ${boundary.length}`,
      );
    this.delimiter = Buffer.from(`\r\n--${boundary}`, 'latin1');
  }

  /**
   * Parses the next bytes. The caller must read all events before the next call.
   *
   * @throws FormError at the first byte that cannot belong to a form
   */
  *write(bytes: Buffer): Generator<PartEvent> {
    if (this.state === 'epilogue') return;
    this.rest = Buffer.concat([this.rest, bytes]);
    let more = true;
    while (more) more = this.state === 'headers' ? yield* this.headers() : yield* this.content();
  }

  /**
   * Must be called at the end of the body.
   *
   * @throws FormError if the form is incomplete
   */
  end(): void {
    if (this.state === 'epilogue') return;
    throw new FormError(
      this.state === 'preamble'
        ? 'The form cannot be read: it does not contain the boundary of its Content-Type'
        : 'The form is cut off: its closing boundary is missing',
    );
  }

  /** Consumes a part's headers. Returns whether `rest` may contain more. */
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

  /**
   * Consumes content up to and including the next boundary. Returns whether `rest` may contain
   * more.
   */
  private *content(): Generator<PartEvent, boolean> {
    const at = this.rest.indexOf(this.delimiter);
    // The last bytes may be the start of a boundary.
    yield* this.inside(at < 0 ? this.rest.length - this.delimiter.length + 1 : at);
    if (at < 0) return false;
    const found = this.afterDelimiter();
    if (found === 'unknown') return false;
    if (found === undefined) {
      // A longer line that starts like the boundary.
      yield* this.inside(CRLF.length);
      return true;
    }
    if (this.state === 'content') yield { type: 'end' };
    this.lead = 0;
    this.state = found.closing ? 'epilogue' : 'headers';
    this.take(found.closing ? this.rest.length : found.bytes);
    return !found.closing;
  }

  /** Consumes `count` bytes of content, or of the preamble before the first part. */
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
   * Checks the delimiter at the start of `rest`. Returns the number of bytes up to the line end
   * before the headers, or undefined if it is not a delimiter.
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
