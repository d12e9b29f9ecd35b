import { AbstractTokenizer, EndOfStreamError, type IReadChunkOptions } from 'strtok3';

/** Bytes `start` to `end` of a file, without the byte at `end`. */
export type ReadRange = (start: number, end: number) => Promise<Uint8Array>;

/** Bytes of one read, and the most reads of a file: 1 MiB in all. */
export const CHUNK_BYTES = 128 * 1024;
export const MOST_READS = 8;
/** A longer piece is a picture or a table, which no duration depends on. */
export const LONGEST_PIECE = 64 * 1024;

/** The reads or the time for a file are used up. */
export class Exhausted extends Error {
  override readonly name = 'Exhausted';
}

/**
 * Reads a file for a parser, within limits that the file cannot change: reads, bytes in a piece, and
 * time. It reads in chunks where the parser is.
 */
export class BoundedTokenizer extends AbstractTokenizer {
  private readonly chunks: { start: number; bytes: Uint8Array }[] = [];
  /** Bytes of the file that are not shown to the parser, at its start. */
  private skipped = 0;
  /** Name of the file, whose ending selects the parser. */
  name = '';
  /** Called before a read. It may throw to end the parser. */
  beforeRead: () => void = () => undefined;

  /**
   * @param size of the file in bytes
   * @param untilMs epoch milliseconds after which nothing is read
   */
  constructor(
    private readonly range: ReadRange,
    public size: number,
    private readonly untilMs: number,
  ) {
    super({ maxBufferSize: LONGEST_PIECE });
  }

  override get fileInfo() {
    return { size: this.size, path: this.name };
  }

  override supportsRandomAccess(): boolean {
    return true;
  }

  setPosition(position: number): void {
    this.position = position;
  }

  /** Hides the first bytes: position 0 is behind them. */
  skip(bytes: number): void {
    this.skipped += bytes;
    this.size -= bytes;
  }

  override async peekBuffer(target: Uint8Array, options?: IReadChunkOptions): Promise<number> {
    const { length, position, mayBeLess } = this.normalizeOptions(target, options);
    const there = Math.max(0, Math.min(length, this.size - position));
    if (there < length && !mayBeLess) throw new EndOfStreamError();
    target.set(await this.piece(position, there));
    return there;
  }

  override async readBuffer(target: Uint8Array, options?: IReadChunkOptions): Promise<number> {
    const { position } = this.normalizeOptions(target, options);
    const length = await this.peekBuffer(target, options);
    this.position = position + length;
    return length;
  }

  /** Bytes at a position. @throws Exhausted if a limit is reached */
  async piece(position: number, length: number): Promise<Uint8Array> {
    // Also for bytes that are here, because a parser may loop on them.
    if (Date.now() > this.untilMs) throw new Exhausted('The time is up');
    if (length > LONGEST_PIECE) throw new Exhausted(`A piece of ${length} bytes is too long`);
    const start = this.skipped + position;
    const chunk =
      this.chunks.find((each) => each.start <= start && start + length <= each.start + each.bytes.length) ??
      (await this.chunkAt(start));
    return chunk.bytes.subarray(start - chunk.start, start - chunk.start + length);
  }

  private async chunkAt(position: number) {
    this.beforeRead();
    if (this.chunks.length === MOST_READS) throw new Exhausted(`More than ${MOST_READS} reads`);
    const size = this.skipped + this.size;
    // At the end of the file, the last chunk is read whole: parsers look for several things there.
    const start = Math.max(0, Math.min(position, size - CHUNK_BYTES));
    const end = Math.min(size, start + CHUNK_BYTES);
    const bytes = await this.range(start, end);
    if (bytes.length !== end - start) throw new Error(`Read ${bytes.length} bytes instead of ${end - start}`);
    const chunk = { start, bytes };
    this.chunks.push(chunk);
    return chunk;
  }
}
