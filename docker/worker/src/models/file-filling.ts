import { type FileHandle, open, rename } from 'node:fs/promises';
import type { S3Client } from '@aws-sdk/client-s3';
import { SpotscribeError } from '../../../../core/contract/errors';
import { fetchStretch, type Stretch } from './fetch-object';
import { FollowingHash } from './following-hash';
import type { CachedFile } from './model-cache';
import type { ModelBuilding } from './model-building';

/**
 * Fetches one file in parts, several at once, and hashes it up to the first missing part. The file
 * gets its final name when it is complete and its SHA-256 is correct.
 */
export class FileFilling {
  /** Missing parts, in order. */
  readonly missing: number[];
  private readonly done: Set<number>;
  private readonly count: number;
  /** Number of parts before the first missing one. */
  private contiguous = 0;
  private opened?: Promise<{ draft: string; handle: FileHandle; hash: FollowingHash }>;

  constructor(
    private readonly building: ModelBuilding,
    private readonly file: CachedFile,
    private readonly partBytes: number,
  ) {
    // An empty file has one empty part, so that it is created and checked.
    this.count = Math.max(1, Math.ceil(file.size / partBytes));
    this.done = new Set(building.parts(file));
    this.missing = Array.from({ length: this.count }, (_, part) => part).filter(
      (part) => !this.done.has(part),
    );
  }

  /** Fetches a part. The last part finishes the file. */
  async fetch(s3: S3Client, bucket: string, part: number): Promise<void> {
    const { handle } = await this.open();
    const stretch = this.stretch(part);
    if (stretch.end > stretch.start) await fetchStretch(s3, bucket, this.file, stretch, handle);
    await this.building.notePart(this.file, part);
    this.done.add(part);
    await this.follow();
    if (this.done.size === this.count) await this.finish();
  }

  /** Finishes a file that had all its parts from the beginning. */
  async finishIfComplete(): Promise<void> {
    if (this.missing.length > 0) return;
    await this.open();
    await this.finish();
  }

  /** Closes the file and stops the hash. Fetched parts are kept. */
  async stop(): Promise<void> {
    if (this.opened === undefined) return;
    const { handle, hash } = await this.opened;
    this.opened = undefined;
    await Promise.all([handle.close(), hash.stop()]);
  }

  private open() {
    return (this.opened ??= (async () => {
      const draft = await this.building.draft(this.file);
      // Do not truncate a file with earlier parts.
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
    `The model file ${file} ${fault}. Run "spotscribe models verify" to check it in the cache, and "spotscribe models push --force" to replace it.`,
  );
