import { createHash } from 'node:crypto';
import { boundaryOf } from '../../../../core/forms/multipart';

/**
 * SHA-256 of the path and the form of a request, without the boundary, because clients choose a new
 * boundary for each retry. The content between two boundaries is hashed separately, so that a
 * different division has a different digest.
 */
export class BodyHash {
  private readonly whole = createHash('sha256');
  private part = createHash('sha256');
  private held = Buffer.alloc(0);
  private readonly boundary: Buffer;

  /**
   * @param path of the request: a different path is different work
   * @param contentType of the request; without a boundary, the whole body is one part
   */
  constructor(path: string, contentType = '') {
    this.endPart(Buffer.from(path));
    this.boundary = Buffer.from(boundaryOf(contentType), 'latin1');
  }

  update(chunk: Buffer): void {
    let rest = this.held.length === 0 ? chunk : Buffer.concat([this.held, chunk]);
    for (let at = this.find(rest); at >= 0; at = this.find(rest)) {
      this.endPart(rest.subarray(0, at));
      rest = rest.subarray(at + this.boundary.length);
    }
    // The last bytes may be the beginning of a boundary.
    const sure = Math.max(0, rest.length - Math.max(0, this.boundary.length - 1));
    this.part.update(rest.subarray(0, sure));
    this.held = Buffer.from(rest.subarray(sure));
  }

  /** Digest in hex. No bytes can be added afterwards. */
  digest(): string {
    this.endPart(this.held);
    return this.whole.digest('hex');
  }

  private find(bytes: Buffer): number {
    return this.boundary.length === 0 ? -1 : bytes.indexOf(this.boundary);
  }

  private endPart(last: Buffer): void {
    this.whole.update(this.part.update(last).digest());
    this.part = createHash('sha256');
  }
}
