import { createHash } from 'node:crypto';
import { access, constants, mkdir, readdir, readFile, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { z } from 'zod';
import { writeAtomically } from '../atomic-write';
import { CliError } from '../errors';

/** Folder next to the results, with a record of each file that Spotscribe wrote. */
export const RECORDS_FOLDER = '.spotscribe-results';
/** Limit for the size of a record. A valid one has a few kilobytes, mostly hotwords and prompt. */
const MOST_BYTES = 64 * 1024;

const sha256 = z.string().regex(/^[0-9a-f]{64}$/);

const recordSchema = z.object({
  version: z.literal(1),
  /** SHA-256 of the written content. */
  sha256,
  /** SHA-256 of the earlier result that this one replaces. A killed run leaves one of the two. */
  replaces: sha256.optional(),
  /**
   * False until the file is written and the job has ended. Other results may be missing until then.
   */
  finished: z.boolean(),
  format: z.string(),
  job: z.string().optional(),
  /** Options of the job. @default - unknown: the user adopted the file */
  options: z.record(z.string(), z.unknown()).optional(),
  /** The recording. */
  source: z.object({
    /** Relative to the folder of the result. */
    path: z.string(),
    size: z.number(),
    modified_ms: z.number(),
    sha256,
  }),
  written_at: z.string(),
});
/** Proof that Spotscribe wrote a file, and from which recording. */
export type ResultRecord = z.infer<typeof recordSchema>;

/** Longest name of a result, in bytes, so that the name of the record is within 255 bytes. */
const MOST_NAME_BYTES = 245;

/**
 * Returns the path of a record: `.spotscribe-results/talk.srt.json` for `talk.srt`. A name that is
 * too long is cut and ends in a hash, so that names with the same beginning have different records.
 */
export function recordPath(path: string): string {
  const name = basename(path);
  return join(dirname(path), RECORDS_FOLDER, `${shortened(name)}.json`);
}

function shortened(name: string): string {
  if (Buffer.byteLength(name) <= MOST_NAME_BYTES) return name;
  const end = `-${createHash('sha256').update(name).digest('hex').slice(0, 16)}`;
  let beginning = name;
  while (Buffer.byteLength(beginning + end) > MOST_NAME_BYTES) beginning = beginning.slice(0, -1);
  return beginning.toWellFormed() + end;
}

/**
 * Reads the record of a result. Undefined if there is none. A file with an unreadable record
 * belongs to the user.
 */
export async function readRecord(path: string): Promise<ResultRecord | 'unreadable' | undefined> {
  try {
    const text = await readFile(recordPath(path));
    const found =
      text.length > MOST_BYTES ? undefined : recordSchema.safeParse(JSON.parse(text.toString())).data;
    return found ?? 'unreadable';
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOENT' ? undefined : 'unreadable';
  }
}

/**
 * Checks, before anything is paid, that records can be written. @throws CliError `write_failed` if
 * not
 */
export async function checkRecords(path: string): Promise<void> {
  const folder = dirname(recordPath(path));
  try {
    const there = await stat(folder);
    if (!there.isDirectory()) throw new Error('it is not a folder');
    await access(folder, constants.W_OK);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return;
    throw new CliError('write_failed', `Cannot write records of results in ${folder}: ${message}`);
  }
}

/** Removes the record of a result that was not written. */
export const removeRecord = (path: string): Promise<void> => rm(recordPath(path), { force: true });

/** @throws CliError `write_failed` */
export async function writeRecord(path: string, record: ResultRecord): Promise<void> {
  const place = recordPath(path);
  // If this fails, the following write reports the error.
  await mkdir(dirname(place), { recursive: true }).catch(() => undefined);
  await writeAtomically(place, Buffer.from(`${JSON.stringify(record, undefined, 2)}\n`));
}

/** The results in a folder that have a record, by name. */
export async function recordedFiles(folder: string): Promise<{ path: string; record: ResultRecord }[]> {
  const names = await readdir(join(folder, RECORDS_FOLDER)).catch(() => []);
  const found = await Promise.all(
    names.sort().map(async (name) => {
      const path = join(folder, name.replace(/\.json$/, ''));
      const record = await readRecord(path);
      return record === undefined || record === 'unreadable' ? [] : [{ path, record }];
    }),
  );
  return found.flat();
}
