import type Database from 'libsql';
import { APPLICATION_ID } from './place';
import { libsql, query } from './libsql';

/** Raised with every change of the tables, and of what is embedded for a sentence. */
const VERSION = 1;

const SCHEMA = `
  CREATE TABLE about (name TEXT PRIMARY KEY, value TEXT NOT NULL);
  CREATE TABLE documents (
    id INTEGER PRIMARY KEY,
    path TEXT NOT NULL UNIQUE,
    size INTEGER NOT NULL,
    modified TEXT NOT NULL,
    indexed_ms INTEGER NOT NULL,
    sha256 TEXT NOT NULL
  );
  CREATE TABLE vectors (id INTEGER PRIMARY KEY, hash BLOB NOT NULL UNIQUE, vector BLOB NOT NULL);
  CREATE TABLE sentences (
    id INTEGER PRIMARY KEY,
    document INTEGER NOT NULL,
    position INTEGER NOT NULL,
    start_s REAL,
    end_s REAL,
    speaker TEXT,
    text TEXT NOT NULL,
    vector INTEGER NOT NULL
  );
  CREATE INDEX sentences_of_document ON sentences (document, position);
  CREATE INDEX sentences_of_vector ON sentences (vector);
  CREATE VIRTUAL TABLE words USING fts5(
    text, content='sentences', content_rowid='id', tokenize='porter unicode61 remove_diacritics 2'
  );
  INSERT INTO words (words, rank) VALUES ('secure-delete', 1);
  CREATE TRIGGER sentence_added AFTER INSERT ON sentences BEGIN
    INSERT INTO words (rowid, text) VALUES (new.id, new.text);
  END;
  CREATE TRIGGER sentence_removed AFTER DELETE ON sentences BEGIN
    INSERT INTO words (words, rowid, text) VALUES ('delete', old.id, old.text);
  END;
`;

export type Opened = 'as it was' | 'new' | 'of another version';

/**
 * Opens a database and creates its tables if they are missing or of another version.
 *
 * @param renew creates the tables again, whatever there is
 */
export function openDatabase(path: string, renew: boolean): { database: Database.Database; opened: Opened } {
  const database = new (libsql())(path, { timeout: 10_000 });
  try {
    // Vectors of 384 numbers have 1.5 kB: few of them fit in pages of the default size.
    database.exec('PRAGMA page_size = 16384');
    // Removed transcripts must not stay readable in unused pages.
    database.exec('PRAGMA secure_delete = ON');
    const version = query<{ user_version: number }>(database, 'PRAGMA user_version').get()?.user_version;
    if (version === VERSION && !renew) return { database, opened: 'as it was' };
    database.transaction(() => {
      dropAll(database);
      database.exec(SCHEMA);
      database.exec(`PRAGMA application_id = ${APPLICATION_ID}`);
      database.exec(`PRAGMA user_version = ${VERSION}`);
    })();
    return { database, opened: version === 0 || version === VERSION ? 'new' : 'of another version' };
  } catch (error) {
    database.close();
    throw error;
  }
}

/** Tables are dropped in place: other processes may have the file open. */
function dropAll(database: Database.Database): void {
  database.exec('DROP TABLE IF EXISTS words');
  const tables = query<{ name: string }>(
    database,
    "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'",
  ).all();
  for (const { name } of tables) database.exec(`DROP TABLE "${name.replaceAll('"', '""')}"`);
}
