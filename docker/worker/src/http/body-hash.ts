import { createHash } from 'node:crypto';

/**
 * SHA-256 of a request's path and of its form as that passes, without its boundary: clients choose a new boundary each time that they repeat a
 * request. What lies between two boundaries is hashed on its own, so that no other division gives the same digest.
 */
export class BodyHash {
  private readonly whole = createHash('sha256');
  private part = createHash('sha256');
  private held = Buffer.alloc(0);
  private readonly boundary: Buffer;

  /**
   * @param path of the request: another one is other work
   * @param contentType of the request; without a boundary in it, the whole body counts as one part
   */
  constructor(path: string, contentType = '') {
    this.endPart(Buffer.from(path));
    const [, quoted, plain] = /;\s*boundary=(?:"([^"]+)"|([^\s;"]+))/i.exec(contentType) ?? [];
    this.boundary = Buffer.from(quoted ?? plain ?? '', 'latin1');
  }

  update(chunk: Buffer): void {
    let rest = this.held.length === 0 ? chunk : Buffer.concat([this.held, chunk]);
    for (let at = this.find(rest); at >= 0; at = this.find(rest)) {
      this.endPart(rest.subarray(0, at));
      rest = rest.subarray(at + this.boundary.length);
    }
    // The last bytes can be the beginning of a boundary.
    const sure = Math.max(0, rest.length - Math.max(0, this.boundary.length - 1));
    this.part.update(rest.subarray(0, sure));
    this.held = Buffer.from(rest.subarray(sure));
  }

  /** In hex; nothing can be added afterwards. */
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
