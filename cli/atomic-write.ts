import { randomBytes } from 'node:crypto';
import { open, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { CliError } from './errors';

/**
 * Writes a file so that its name never stands for half of it: a new file beside it, flushed to the disk and then
 * renamed.
 *
 * @param mode rights of the file, less the umask
 * @throws CliError `write_failed`
 */
export async function writeAtomically(path: string, content: Uint8Array, mode = 0o666): Promise<void> {
  const draft = join(
    dirname(path),
    `.${basename(path).slice(0, 200)}.${randomBytes(6).toString('hex')}.part`,
  );
  try {
    const file = await open(draft, 'wx', mode);
    try {
      await file.writeFile(content);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(draft, path);
  } catch (error) {
    await rm(draft, { force: true });
    throw new CliError('write_failed', `Cannot write ${path}: ${(error as Error).message}`, undefined, {
      cause: error,
    });
  }
}
