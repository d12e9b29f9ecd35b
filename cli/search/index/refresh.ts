import { join } from 'node:path';
import { shown } from '../../format';
import {
  type Content,
  NotATranscript,
  readContent,
  readSentences,
  readState,
} from '../reading/read-transcript';
import { findTranscripts, type TranscriptFile } from '../reading/find-transcripts';
import { type Passage, passageOf } from './passages';
import type { EmbedAll } from './embed-all';
import type { IndexedFile, SearchIndex } from './search-index';

/** A file that changes within this time of its indexing may have the same size and time of change. In milliseconds. */
const RACY_MS = 2000;
/** Sentences of the files that are embedded and stored together. */
const GROUP = 1024;

export interface Refreshed {
  added: number;
  changed: number;
  renamed: number;
  removed: number;
  unchanged: number;
  /** Files that are not searched. */
  skipped: { path: string; reason: string }[];
}

export interface RefreshOptions {
  folder: string;
  index: SearchIndex;
  embedAll: EmbedAll;
  signal: AbortSignal;
  progress: (filesDone: number, files: number) => void;
}

interface Changed {
  path: string;
  file: IndexedFile;
  passages: Passage[];
}

/**
 * Makes the index agree with the files. Only new and changed texts are embedded. If it is interrupted, the next run
 * continues with the vectors that are stored.
 */
export async function refresh(options: RefreshOptions): Promise<Refreshed> {
  const { recordings, unreadable } = await findTranscripts(options.folder);
  const run = new Refresh(options, recordings.flat());
  for (const { path, reason } of unreadable) run.skip(`${path === '' ? '.' : path}/`, reason);
  for (const [done, files] of recordings.entries()) {
    options.signal.throwIfAborted();
    await run.recording(files);
    options.progress(done + 1, recordings.length);
  }
  await run.finish(unreadable.map(({ path }) => path));
  return run.counts;
}

class Refresh {
  readonly counts: Refreshed = { added: 0, changed: 0, renamed: 0, removed: 0, unchanged: 0, skipped: [] };
  /** Files that are searched, or could not be read this time. */
  private readonly kept = new Set<string>();
  private readonly indexed: Map<string, IndexedFile>;
  /** Paths of indexed files that are gone, by their content. */
  private readonly gone = new Map<string, string>();
  private group: Changed[] = [];

  constructor(
    private readonly options: RefreshOptions,
    files: TranscriptFile[],
  ) {
    this.indexed = options.index.files();
    const there = new Set(files.map(({ path }) => path));
    for (const [path, { sha256 }] of this.indexed) if (!there.has(path)) this.gone.set(sha256, path);
  }

  /** Indexes the first file of a recording that is a transcript. */
  async recording(files: TranscriptFile[]): Promise<void> {
    for (const file of files) {
      try {
        await this.file(file);
        this.kept.add(file.path);
        return;
      } catch (error) {
        if (error instanceof NotATranscript) {
          this.skip(file.path, error.message);
        } else if ((error as NodeJS.ErrnoException).syscall !== undefined) {
          this.skip(file.path, (error as Error).message);
          // What is known of it stays: it may be readable the next time.
          if (!this.indexed.has(file.path)) continue;
          this.kept.add(file.path);
          return;
        } else throw error;
      }
    }
  }

  skip(path: string, reason: string): void {
    this.counts.skipped.push({ path: shown(path), reason: shown(reason) });
  }

  /** Stores the last files, and removes what is gone. */
  async finish(unreadable: readonly string[]): Promise<void> {
    await this.storeGroup();
    const { index } = this.options;
    for (const path of this.indexed.keys()) {
      if (this.kept.has(path) || unreadable.some((each) => each === '' || path.startsWith(`${each}/`)))
        continue;
      index.remove(path);
      this.counts.removed += 1;
    }
    index.removeUnusedVectors();
  }

  private async file({ path, format }: TranscriptFile): Promise<void> {
    const { folder, index } = this.options;
    const known = this.indexed.get(path);
    if (known !== undefined && isSame(known, await readState(join(folder, path)))) {
      this.counts.unchanged += 1;
      return;
    }
    const indexedMs = Date.now();
    const content = await readContent(join(folder, path));
    const file: IndexedFile = { ...stateOf(content), indexedMs };
    if (known?.sha256 === content.sha256) {
      index.touch(path, file);
      this.counts.unchanged += 1;
      return;
    }
    const before = this.gone.get(content.sha256);
    if (known === undefined && before !== undefined) {
      index.rename(before, path, file);
      this.gone.delete(content.sha256);
      this.indexed.delete(before);
      this.counts.renamed += 1;
      return;
    }
    const passages = readSentences(content.bytes, format).map(passageOf);
    this.counts[known === undefined ? 'added' : 'changed'] += 1;
    this.group.push({ path, file, passages });
    if (this.group.reduce((sum, each) => sum + each.passages.length, 0) >= GROUP) await this.storeGroup();
  }

  private async storeGroup(): Promise<void> {
    const { index, embedAll } = this.options;
    const group = this.group;
    this.group = [];
    await embedAll(group.flatMap(({ passages }) => passages));
    for (const { path, file, passages } of group) index.storeFile(path, file, passages);
  }
}

const stateOf = ({ size, modified, sha256 }: Content) => ({ size, modified, sha256 });

/** Whether a file is as it was, without reading it. */
const isSame = (known: IndexedFile, { size, modified }: { size: number; modified: string }): boolean =>
  known.size === size &&
  known.modified === modified &&
  Number(BigInt(modified) / 1_000_000n) < known.indexedMs - RACY_MS;
