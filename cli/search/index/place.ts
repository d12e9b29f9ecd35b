import { lstat, mkdir, open, rename, rm } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { CliError, UsageError } from '../../errors';

/** Marks a database as an index of Spotscribe, in SQLite's header: "Spsc". */
export const APPLICATION_ID = 0x53707363;

/** What is at the place of the index. */
export type Occupant = 'nothing' | 'ours' | 'damaged' | 'foreign';

/** Folder of the index in the searched folder. */
const FOLDER = '.spotscribe';

const HEADER_BYTES = 100;
const MAGIC = Buffer.from('SQLite format 3\0');
const APPLICATION_ID_AT = 68;

/** Path of the index of a folder. */
export const indexPath = (folder: string, chosen?: string): string =>
  resolve(chosen ?? join(folder, FOLDER, 'search.db'));

/**
 * Prepares the place of the index. Its folder and its file are accessible to the user only, because transcripts are
 * private.
 *
 * @param isChosen the user named the file
 * @throws UsageError if it cannot be written, or something else is there
 */
export async function preparePlace(path: string, isChosen: boolean): Promise<void> {
  try {
    if (!isChosen) await privateFolder(dirname(path));
    const occupant = await occupantOf(path);
    if (occupant === 'foreign' || (occupant === 'damaged' && isChosen))
      throw new UsageError(
        `${path} exists and is not an index of Spotscribe. Choose another file with --index`,
      );
    // Append: creates the file, and checks that it can be written.
    await (await open(path, 'a', 0o600)).close();
  } catch (error) {
    if (error instanceof CliError) throw error;
    throw new UsageError(
      `Cannot write the index ${path}: ${(error as Error).message}. Choose another file with --index`,
      { cause: error },
    );
  }
}

async function privateFolder(folder: string): Promise<void> {
  await mkdir(folder, { mode: 0o700 }).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EEXIST') throw error;
  });
  if (!(await lstat(folder)).isDirectory()) throw new Error(`${basename(folder)} is not a folder`);
}

/** Looks at the file without SQLite, which would create or repair it. */
export async function occupantOf(path: string): Promise<Occupant> {
  const stats = await lstat(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (stats === undefined) return 'nothing';
  if (!stats.isFile()) return 'foreign';
  if (stats.size === 0) return 'nothing';
  const file = await open(path, 'r');
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(HEADER_BYTES), 0, HEADER_BYTES, 0);
    if (bytesRead < HEADER_BYTES || !buffer.subarray(0, MAGIC.length).equals(MAGIC)) return 'damaged';
    return buffer.readUInt32BE(APPLICATION_ID_AT) === APPLICATION_ID ? 'ours' : 'foreign';
  } finally {
    await file.close();
  }
}

/**
 * Makes room for a new index. A damaged index of ours is deleted. A file that cannot be recognised is renamed.
 *
 * @returns the new name, if it was renamed
 */
export async function makeRoom(path: string): Promise<string | undefined> {
  const isOurs = (await occupantOf(path)) === 'ours';
  const aside = isOurs ? undefined : await unusedName(`${path}.damaged`);
  if (aside === undefined) await rm(path, { force: true });
  else await rename(path, aside);
  // A journal belongs to the file that is gone. SQLite would apply it to the new one.
  await rm(`${path}-journal`, { force: true });
  await (await open(path, 'a', 0o600)).close();
  return aside;
}

async function unusedName(path: string): Promise<string> {
  for (let number = 1; ; number++) {
    const name = `${path}-${number}`;
    if ((await occupantOf(name)) === 'nothing') return name;
  }
}
