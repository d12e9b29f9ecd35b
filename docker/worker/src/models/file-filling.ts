import { type FileHandle, open, rename } from 'node:fs/promises';
import type { S3Client } from '@aws-sdk/client-s3';
import { SpotscribeError } from '../../../../core/contract/errors';
import { fetchStretch, type Stretch } from './fetch-object';
import { FollowingHash } from './following-hash';
import type { CachedFile } from './model-cache';
import type { ModelBuilding } from './model-building';

/**
 * One file that is filled in parts, several at once, and hashed from its beginning as far as there are no holes. It gets
 * its name when it is whole and its SHA-256 is right.
 */
export class FileFilling {
  /** Parts that are still to come, in their order. */
  readonly missing: number[];
  private readonly done: Set<number>;
  private readonly count: number;
  /** How many parts are there without a hole, from the first. */
  private contiguous = 0;
  private opened?: Promise<{ draft: string; handle: FileHandle; hash: FollowingHash }>;

  constructor(
    private readonly building: ModelBuilding,
    private readonly file: CachedFile,
    private readonly partBytes: number,
  ) {
    // A file of no bytes has one part of none: it is made and checked as well.
    this.count = Math.max(1, Math.ceil(file.size / partBytes));
    this.done = new Set(building.parts(file));
    this.missing = Array.from({ length: this.count }, (_, part) => part).filter(
      (part) => !this.done.has(part),
    );
  }

  /** Brings a part. The last one finishes the file. */
  async fetch(s3: S3Client, bucket: string, part: number): Promise<void> {
    const { handle } = await this.open();
    const stretch = this.stretch(part);
    if (stretch.end > stretch.start) await fetchStretch(s3, bucket, this.file, stretch, handle);
    await this.building.notePart(this.file, part);
    this.done.add(part);
    await this.follow();
    if (this.done.size === this.count) await this.finish();
  }

  /** Finishes a file whose parts were all there from the beginning. */
  async finishIfComplete(): Promise<void> {
    if (this.missing.length > 0) return;
    await this.open();
    await this.finish();
  }

  /** Ends what it has begun; the parts that have come stay. */
  async stop(): Promise<void> {
    if (this.opened === undefined) return;
    const { handle, hash } = await this.opened;
    this.opened = undefined;
    await Promise.all([handle.close(), hash.stop()]);
  }

  private open() {
    return (this.opened ??= (async () => {
      const draft = await this.building.draft(this.file);
      // Opened to be filled, not emptied: earlier parts may be there.
      const handle = await open(draft, this.done.size > 0 ? 'r+' : 'w');
      const opened = { draft, handle, hash: new FollowingHash(draft) };
      this.advance(opened.hash);
      return opened;
    })());
  }

  private async follow(): Promise<void> {
    this.advance((await this.open()).hash);
  }

  private advance(hash: FollowingHash): void {
    const before = this.contiguous;
    while (this.done.has(this.contiguous)) this.contiguous++;
    if (this.contiguous > before) hash.advance(this.stretch(this.contiguous - 1).end);
  }

  private async finish(): Promise<void> {
    const { draft, handle, hash } = await this.open();
    const { size } = await handle.stat();
    const digest = size === this.file.size ? await hash.digest(size) : undefined;
    await this.stop();
    if (digest !== this.file.sha256) {
      await this.building.forget(this.file);
      throw corrupt(
        `${this.building.model.name}/${this.file.path}`,
        digest === undefined
          ? `has ${size} bytes, not ${this.file.size}`
          : `has the sha256 ${digest}, not ${this.file.sha256}`,
      );
    }
    await rename(draft, this.building.target(this.file));
    await this.building.noteWhole(this.file);
  }

  private stretch(part: number): Stretch {
    const start = part * this.partBytes;
    return { start, end: Math.min(start + this.partBytes, this.file.size) };
  }
}

const corrupt = (file: string, fault: string) =>
  new SpotscribeError(
    'model_missing',
    `The model file ${file} ${fault}. Run "spotscribe models verify" to see whether it is wrong in the cache, and "spotscribe models push --force" to bring it anew.`,
  );
