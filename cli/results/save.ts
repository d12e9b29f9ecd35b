import { createAtomically, writeAtomically } from '../atomic-write';
import { CliError } from '../errors';
import { hashOf, inspect, sourcePath } from './inspect';
import { removeRecord, type ResultRecord, writeRecord } from './record';
import type { Input } from '../transcribe/inputs';

/** Recording and job of a result. */
export interface Origin {
  input: Input;
  /** SHA-256 of the recording. */
  hash: string;
  job: string;
  options: Record<string, unknown>;
}

/** Limit of attempts if other programs keep changing the file. */
const MOST_TRIES = 5;

/**
 * Writes a result if it may still be written: hours may have passed since that was decided. The
 * record is written first, so that the file is known if the run is killed in between. It is
 * unfinished until the file is written, so that a file written by another program does not count as
 * the result.
 *
 * @throws CliError `file_exists` if another program wrote the file meanwhile, `write_failed`
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
      // If another run wrote the result, the record is that of the other run: keep it.
      if ((await inspect(path)).file === 'edited') await removeRecord(path);
      continue;
    }
    if (finished) await writeRecord(path, record);
    return;
  }
  throw appeared(path, origin.job);
}

/** Marks a result as finished that was saved while its job was running. */
export async function finishResult(path: string): Promise<void> {
  const { record } = await inspect(path);
  if (record === undefined || record.finished) return;
  await writeRecord(path, { ...record, finished: true });
}

const appeared = (path: string, job: string) =>
  new CliError(
    'file_exists',
    `${path} was created or changed by another program during the run, and is kept. ` +
      `Move it and run the command again: the result of job ${job} is not paid again within a day`,
  );
