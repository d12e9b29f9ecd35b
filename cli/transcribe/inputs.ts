import type { Stats } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { extname, join, relative } from 'node:path';
import { leftBehind } from '../../core/jobs/left-behind';
import { UsageError } from '../errors';

/** An audio file to transcribe. */
export interface Input {
  /** Path as given or found. */
  path: string;
  /** Path relative to the given folder; for a given file, only its name. */
  within: string;
  size: number;
  modifiedMs: number;
}

/** File name extensions searched for in folders. A file given by name may have any. */
const AUDIO_ENDINGS = new Set(
  '.3gp .aac .aif .aiff .amr .avi .flac .m4a .m4b .mka .mkv .mov .mp2 .mp3 .mp4 .mpeg .mpg .mpga .oga .ogg .opus .wav .weba .webm .wma'.split(
    ' ',
  ),
);

/** Whether a file name has an extension of audio or video. */
export const isAudioName = (name: string): boolean => AUDIO_ENDINGS.has(extname(name).toLowerCase());

/**
 * Finds the files named by the arguments, each once, in the given order. Folders are searched if
 * `recursive`.
 *
 * @param cure what to do about a folder that is not searched
 * @throws UsageError for a path that does not exist, and for a folder without `recursive`
 */
export async function findInputs(
  paths: string[],
  recursive: boolean,
  cure = 'add --recursive to transcribe the audio in it',
): Promise<Input[]> {
  const found = new Map<string, Input>();
  for (const path of paths) {
    const stats = await statOf(path);
    if (stats.isDirectory()) {
      if (!recursive) throw new UsageError(`${path} is a folder: ${cure}`);
      for (const each of await audioIn(path)) await add(each, relative(path, each));
    } else if (stats.isFile()) {
      await add(path, path.split(/[\\/]/).at(-1) ?? path);
    } else {
      throw new UsageError(`${path} is neither a file nor a folder`);
    }
  }
  return [...found.values()];

  async function add(path: string, within: string) {
    const { size, mtimeMs, dev, ino } = await statOf(path);
    const identity = `${dev}:${ino}:${path.split(/[\\/]/).at(-1)}`;
    if (!found.has(identity)) found.set(identity, { path, within, size, modifiedMs: mtimeMs });
  }
}

async function statOf(path: string): Promise<Stats> {
  try {
    return await stat(path);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw new UsageError(
      code === 'ENOENT' ? `The file ${path} does not exist` : `Cannot read ${path}: ${message}`,
    );
  }
}

async function audioIn(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile() && isAudioName(entry.name))
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => leftBehind(relative(folder, path)) === undefined)
    .sort();
}
