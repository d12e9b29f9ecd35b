import { createHash } from 'node:crypto';
import { access, constants, mkdir, readFile, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { z } from 'zod';
import { writeAtomically } from '../atomic-write';
import { CliError } from '../errors';

/** Folder beside the results, with a record of each file that Spotscribe wrote there. */
export const RECORDS_FOLDER = '.spotscribe-results';
/** A record is a few kilobytes at most: the largest part of it are hotwords and a prompt. */
const MOST_BYTES = 64 * 1024;

const sha256 = z.string().regex(/^[0-9a-f]{64}$/);

const recordSchema = z.object({
  version: z.literal(1),
  /** What was written. */
  sha256,
  /** An earlier result that this one replaces: a run that is killed leaves either of the two. */
  replaces: sha256.optional(),
  /** False until the file is written and the job has ended: its other results may be missing. */
  finished: z.boolean(),
  format: z.string(),
  job: z.string().optional(),
  /** Options of the job. @default - unknown: the user said that this is a result */
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
/** What proves that Spotscribe wrote a file, and what it was made from. */
export type ResultRecord = z.infer<typeof recordSchema>;

/** Greatest length of a result's name in bytes with which the record's name is no longer than a name may be. */
const MOST_NAME_BYTES = 245;

/**
 * `talk.srt` has the record `.spotscribe-results/talk.srt.json`. A name that is too long for that is cut, and ends in a hash:
 * names with the same beginning, such as those of two formats, have records of their own.
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

/** The record of a result; undefined without one. A file whose record cannot be read is the user's. */
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

/** @throws CliError `write_failed` if records cannot be kept beside this result: found out before anything is paid */
export async function checkRecords(path: string): Promise<void> {
  const folder = dirname(recordPath(path));
  try {
    const there = await stat(folder);
    if (!there.isDirectory()) throw new Error('it is not a folder');
    await access(folder, constants.W_OK);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return;
    throw new CliError('write_failed', `Cannot keep records of results in ${folder}: ${message}`);
  }
}

/** Forgets a result that was not written after all. */
export const removeRecord = (path: string): Promise<void> => rm(recordPath(path), { force: true });

/** @throws CliError `write_failed` */
export async function writeRecord(path: string, record: ResultRecord): Promise<void> {
  const place = recordPath(path);
  // If this fails, the write that follows reports it.
  await mkdir(dirname(place), { recursive: true }).catch(() => undefined);
  await writeAtomically(place, Buffer.from(`${JSON.stringify(record, undefined, 2)}\n`));
}
