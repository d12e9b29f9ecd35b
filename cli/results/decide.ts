import type { JobOptions } from '../../core/contract/work/options';
import type { Found, Kinship } from './inspect';
import { RECORDS_FOLDER } from './record';

/** What the user allows to be written. */
export interface Permission {
  /** Writes results again even if they exist. */
  force: boolean;
  /** Also replaces files that Spotscribe did not write. */
  overwrite: boolean;
}

export type Decision =
  | { action: 'write' }
  /** The result exists. The note is a remark for the user. */
  | { action: 'keep'; note?: string }
  /** The reason is printed after the path of the file. */
  | { action: 'refuse'; reason: string };

const NOT_OURS = 'was not written by Spotscribe';
const RECORD_BROKEN = `its record in ${RECORDS_FOLDER} cannot be read`;

/**
 * Decides what to do with a result. Only files written by Spotscribe are replaced or count as
 * results.
 */
export function decide(
  { file, link, record, unreadable }: Found,
  kin: Kinship | undefined,
  options: JobOptions,
  { force, overwrite }: Permission,
): Decision {
  if (file === 'none') return { action: 'write' };
  if (file === 'occupied') return { action: 'refuse', reason: 'already exists and is not a file' };
  const replace = (reason?: string): Decision =>
    overwrite || reason === undefined ? { action: 'write' } : { action: 'refuse', reason };
  if (file === 'foreign' || record === undefined)
    return replace(unreadable ? `already exists, and ${RECORD_BROKEN}` : `already exists and ${NOT_OURS}`);
  if (kin === 'another') return replace(`is the result of another recording, ${record.source.path}`);
  const isDone = kin === 'same' && record.finished && !force;
  if (file === 'edited') {
    const edited = 'was changed after Spotscribe wrote it';
    return isDone && !overwrite ? { action: 'keep', note: `${edited}; it is kept` } : replace(edited);
  }
  if (!isDone || file === 'outdated') return replace(link ? 'is a symbolic link' : undefined);
  if (record.options === undefined || canonical(record.options) === canonical(options))
    return { action: 'keep' };
  return { action: 'keep', note: 'was made with other options' };
}

/** Options as text that does not depend on their order. */
const canonical = (options: JobOptions | Record<string, unknown>): string =>
  JSON.stringify(Object.entries(options).sort(([one], [other]) => (one < other ? -1 : 1)));
