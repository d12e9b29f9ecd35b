import type Database from 'libsql';

/** Loads the native library on first use, so that other commands start without it. */
export const libsql = (): typeof Database =>
  // A dynamic import would be asynchronous, and would find the class under another name in each module system.
  // eslint-disable-next-line @typescript-eslint/no-require-imports
  require('libsql') as typeof Database;

const codeOf = (error: unknown): string => String((error as { code?: unknown } | undefined)?.code);

export const isBusy = (error: unknown): boolean => codeOf(error).startsWith('SQLITE_BUSY');

/** Whether the file of the database is damaged. */
export const isDamaged = (error: unknown): boolean => /^SQLITE_(CORRUPT|NOTADB)/.test(codeOf(error));

type Value = string | number | Buffer | null;

/** A prepared statement with typed rows. */
export interface Query<Row> {
  all(...values: Value[]): Row[];
  get(...values: Value[]): Row | undefined;
  run(...values: Value[]): number;
}

/**
 * Prepares a statement. Values are always passed as one list: libsql takes a single buffer for an object with named
 * values, and ends the process.
 */
export function query<Row = unknown>(database: Database.Database, sql: string): Query<Row> {
  const statement = database.prepare(sql);
  return {
    all: (...values) => statement.all(values) as Row[],
    get: (...values) => statement.get(values) as Row | undefined,
    run: (...values) => Number(statement.run(values).lastInsertRowid),
  };
}
