import type Database from 'libsql';
import type { FileState } from '../reading/read-transcript';
import type { Passage } from './passages';
import { type Query, query } from './libsql';

/** The model that made the vectors of an index. Those of different models cannot be compared. */
export interface Model {
  name: string;
  dimensions: number;
}

export interface IndexedFile extends FileState {
  sha256: string;
  /** When it was read, in milliseconds since 1970. */
  indexedMs: number;
}

interface DocumentRow {
  path: string;
  size: number;
  modified: string;
  indexed_ms: number;
  sha256: string;
}

/**
 * The stored documents, sentences and vectors. A vector is stored under the hash of its text. Equal texts, renamed
 * files and interrupted runs are therefore not embedded again.
 */
export class SearchIndex {
  private readonly vectorOf: Query<{ id: number }>;
  private readonly addVector: Query<unknown>;
  private readonly addSentence: Query<unknown>;

  constructor(readonly database: Database.Database) {
    this.vectorOf = query(database, 'SELECT id FROM vectors WHERE hash = ?');
    this.addVector = query(database, 'INSERT OR IGNORE INTO vectors (hash, vector) VALUES (?, ?)');
    this.addSentence = query(
      database,
      'INSERT INTO sentences (document, position, start_s, end_s, speaker, text, vector) VALUES (?, ?, ?, ?, ?, ?, ?)',
    );
  }

  /** The model of the vectors, if there are any. */
  get model(): Model | undefined {
    const value = this.about('model');
    return value === undefined ? undefined : (JSON.parse(value) as Model);
  }

  /** The folder that was indexed last. */
  get folder(): string | undefined {
    return this.about('folder');
  }

  set folder(path: string) {
    this.remember('folder', path);
  }

  /** Removes everything that another model made, and remembers this one. */
  begin(model: Model): void {
    this.database.transaction(() => {
      this.database.exec('DELETE FROM sentences; DELETE FROM documents; DELETE FROM vectors');
      this.remember('model', JSON.stringify(model));
    })();
  }

  /** The indexed files by path. */
  files(): Map<string, IndexedFile> {
    const rows = query<DocumentRow>(
      this.database,
      'SELECT path, size, modified, indexed_ms, sha256 FROM documents',
    ).all();
    return new Map(
      rows.map(({ path, size, modified, indexed_ms, sha256 }) => [
        path,
        { size, modified, indexedMs: indexed_ms, sha256 },
      ]),
    );
  }

  hasVector(hash: Buffer): boolean {
    return this.vectorOf.get(hash) !== undefined;
  }

  storeVectors(vectors: readonly { hash: Buffer; vector: Float32Array }[]): void {
    this.database.transaction(() => {
      for (const { hash, vector } of vectors) this.addVector.run(hash, bytesOf(vector));
    })();
  }

  /** Replaces the sentences of a file. Their vectors must be stored. */
  storeFile(path: string, file: IndexedFile, passages: readonly Passage[]): void {
    this.database.transaction(() => {
      this.removeRows(path);
      const document = query(
        this.database,
        'INSERT INTO documents (path, size, modified, indexed_ms, sha256) VALUES (?, ?, ?, ?, ?)',
      ).run(path, file.size, file.modified, file.indexedMs, file.sha256);
      passages.forEach(({ hash, start, end, speaker, text }, position) => {
        const vector = this.vectorOf.get(hash)?.id;
        if (vector === undefined) throw new Error(`A sentence of ${path} has no vector`);
        this.addSentence.run(
          ...[document, position, start ?? null, end ?? null, speaker ?? null, text, vector],
        );
      });
    })();
  }

  /** Notes that a file was touched but has the same content. */
  touch(path: string, { size, modified, indexedMs }: IndexedFile): void {
    query(this.database, 'UPDATE documents SET size = ?, modified = ?, indexed_ms = ? WHERE path = ?').run(
      size,
      modified,
      indexedMs,
      path,
    );
  }

  /** Gives the sentences of a file that was renamed its new path. */
  rename(from: string, to: string, file: IndexedFile): void {
    this.database.transaction(() => {
      query(this.database, 'UPDATE documents SET path = ? WHERE path = ?').run(to, from);
      this.touch(to, file);
    })();
  }

  remove(path: string): void {
    this.database.transaction(() => this.removeRows(path))();
  }

  /** Removes vectors without a sentence. Not before all files are stored: an interrupted run needs them. */
  removeUnusedVectors(): void {
    this.database.exec(
      'DELETE FROM vectors WHERE NOT EXISTS (SELECT 1 FROM sentences WHERE sentences.vector = vectors.id)',
    );
  }

  counts(): { files: number; sentences: number } {
    const row = query<{ files: number; sentences: number }>(
      this.database,
      'SELECT (SELECT count(*) FROM documents) AS files, (SELECT count(*) FROM sentences) AS sentences',
    ).get();
    return { files: row?.files ?? 0, sentences: row?.sentences ?? 0 };
  }

  private about(name: string): string | undefined {
    return query<{ value: string }>(this.database, 'SELECT value FROM about WHERE name = ?').get(name)?.value;
  }

  private remember(name: string, value: string): void {
    query(this.database, 'INSERT OR REPLACE INTO about (name, value) VALUES (?, ?)').run(name, value);
  }

  private removeRows(path: string): void {
    query(
      this.database,
      'DELETE FROM sentences WHERE document = (SELECT id FROM documents WHERE path = ?)',
    ).run(path);
    query(this.database, 'DELETE FROM documents WHERE path = ?').run(path);
  }
}

/** A vector as libsql stores it: 32-bit floats, little-endian as on every processor that Node.js supports. */
export const bytesOf = ({ buffer, byteOffset, byteLength }: Float32Array): Buffer =>
  Buffer.from(buffer as ArrayBuffer, byteOffset, byteLength);
