import { randomBytes } from 'node:crypto';
import { link, lstat, open, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { CliError } from './errors';

/** Bytes, or their source: then a failure of the source is thrown as it is. */
export type Content = Uint8Array | AsyncIterable<Uint8Array>;

/**
 * Writes a file so that its name never stands for half of it: a new file beside it, flushed to the disk and then
 * renamed.
 *
 * @throws CliError `write_failed`
 */
export function writeAtomically(path: string, content: Content): Promise<void> {
  return written(path, content, (draft) => rename(draft, path));
}

/**
 * The same, but never in the place of anything that is there.
 *
 * @returns false if something is there
 * @throws CliError `write_failed`
 */
export async function createAtomically(path: string, content: Content): Promise<boolean> {
  let created = true;
  await written(path, content, async (draft) => {
    created = await placeNew(draft, path);
  });
  return created;
}

/** A name for a file that is not finished, next to the place where it will be. The file itself may have the longest name. */
export const draftOf = (path: string): string =>
  join(dirname(path), `.spotscribe-${randomBytes(8).toString('hex')}.part`);

/**
 * Gives a finished file its name, but never in the place of anything that is there.
 *
 * @returns false if something is there. The draft is removed then, too
 */
export async function placeNew(draft: string, path: string): Promise<boolean> {
  let created = true;
  try {
    await link(draft, path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') created = false;
    else if (await isThere(path)) created = false;
    // Not every file system has hard links.
    else {
      await rename(draft, path);
      return true;
    }
  }
  await rm(draft, { force: true });
  return created;
}

async function written(path: string, content: Content, place: (draft: string) => Promise<void>) {
  const draft = draftOf(path);
  /** Failures of the source. */
  const failed: unknown[] = [];
  try {
    const file = await open(draft, 'wx', 0o666);
    try {
      await file.writeFile(Symbol.asyncIterator in content ? noting(content, failed) : content);
      await file.sync();
    } finally {
      await file.close();
    }
    await place(draft);
  } catch (error) {
    await rm(draft, { force: true });
    if (failed.includes(error)) throw error;
    throw new CliError('write_failed', `Cannot write ${path}: ${(error as Error).message}`, undefined, {
      cause: error,
    });
  }
}

/** The bytes of a source. Its failure is noted before it is thrown. */
async function* noting(content: AsyncIterable<Uint8Array>, failed: unknown[]): AsyncGenerator<Uint8Array> {
  try {
    yield* content;
  } catch (error) {
    failed.push(error);
    throw error;
  }
}

/** Whether anything has this name, also a link to nothing. */
export const isThere = (path: string): Promise<boolean> =>
  lstat(path).then(
    () => true,
    () => false,
  );
