import { createAtomically, writeAtomically } from '../atomic-write';
import { CliError } from '../errors';
import { hashOf, inspect, sourcePath } from './inspect';
import { removeRecord, type ResultRecord, writeRecord } from './record';
import type { Input } from '../transcribe/inputs';

/** What a result is made of. */
export interface Origin {
  input: Input;
  /** SHA-256 of the recording. */
  hash: string;
  job: string;
  options: Record<string, unknown>;
}

/** A file changes under a running program more often than this only if somebody means it. */
const MOST_TRIES = 5;

/**
 * Writes a result, if its place is still as it was allowed: hours may have passed since that was decided. The record
 * goes first, so that a run which is killed in between leaves a file that is known. It is unfinished until the file is
 * there: a file that comes there by another hand must not count as the result.
 *
 * @throws CliError `file_exists` if something else came there meanwhile, `write_failed`
 */
export async function saveResult(
  { path, format }: { path: string; format: string },
  content: Buffer,
  origin: Origin,
  { overwrite, finished }: { overwrite: boolean; finished: boolean },
): Promise<void> {
  for (let tries = 0; tries < MOST_TRIES; tries++) {
    const found = await inspect(path);
    const source = sourcePath(origin.input, path);
    const isOurs = found.file === 'written' || found.file === 'outdated';
    const isSame = found.sha256 === hashOf(content);
    const isSameSource = found.record?.source.path === source || found.record?.source.sha256 === origin.hash;
    const mayReplace = isOurs && isSameSource && !found.link;
    if (found.file === 'occupied' || (found.file !== 'none' && !isSame && !mayReplace && !overwrite)) {
      throw appeared(path, origin.job);
    }
    const record: ResultRecord = {
      version: 1,
      sha256: hashOf(content),
      ...(found.sha256 !== undefined && !isSame && { replaces: found.sha256 }),
      finished,
      format,
      job: origin.job,
      options: origin.options,
      source: {
        path: source,
        size: origin.input.size,
        modified_ms: origin.input.modifiedMs,
        sha256: origin.hash,
      },
      written_at: new Date().toISOString(),
    };
    if (isSame) return writeRecord(path, record);
    await writeRecord(path, { ...record, finished: false });
    if (found.file !== 'none') await writeAtomically(path, content);
    else if (!(await createAtomically(path, content))) {
      // Another run's result has its own record by now.
      if ((await inspect(path)).file === 'edited') await removeRecord(path);
      continue;
    }
    if (finished) await writeRecord(path, record);
    return;
  }
  throw appeared(path, origin.job);
}

/** Marks a result that was saved while its job still ran. */
export async function finishResult(path: string): Promise<void> {
  const { record } = await inspect(path);
  if (record === undefined || record.finished) return;
  await writeRecord(path, { ...record, finished: true });
}

const appeared = (path: string, job: string) =>
  new CliError(
    'file_exists',
    `${path} was made or changed by somebody else meanwhile, and is kept. ` +
      `Move it and run the command again: the result of ${job} is there and is not paid again within a day`,
  );
