import type { JobOptions } from '../../core/contract/options';
import type { Found, Kinship } from './inspect';
import { RECORDS_FOLDER } from './record';

/** What the user allows. */
export interface Permission {
  /** Writes results anew that are there already. */
  force: boolean;
  /** Replaces files that Spotscribe did not write, too. */
  overwrite: boolean;
}

export type Decision =
  | { action: 'write' }
  /** The result is there. A note says what is peculiar about it. */
  | { action: 'keep'; note?: string }
  /** A reason follows the path of the file. */
  | { action: 'refuse'; reason: string };

const NOT_OURS = 'was not written by Spotscribe';
const RECORD_BROKEN = `its record in ${RECORDS_FOLDER} cannot be read`;

/** Pure: what to do about a result. Only what Spotscribe wrote is replaced or counts as a result. */
export function decide(
  { file, link, record, unreadable }: Found,
  kin: Kinship | undefined,
  options: JobOptions,
  { force, overwrite }: Permission,
): Decision {
  if (file === 'none') return { action: 'write' };
  if (file === 'occupied') return { action: 'refuse', reason: 'is there already, and is not a file' };
  const replace = (reason?: string): Decision =>
    overwrite || reason === undefined ? { action: 'write' } : { action: 'refuse', reason };
  if (file === 'foreign' || record === undefined)
    return replace(
      unreadable ? `is there already, and ${RECORD_BROKEN}` : `is there already, and ${NOT_OURS}`,
    );
  if (kin === 'another') return replace(`is the result of another recording, ${record.source.path}`);
  const isDone = kin === 'same' && record.finished && !force;
  if (file === 'edited') {
    const edited = 'was changed after Spotscribe wrote it';
    return isDone && !overwrite ? { action: 'keep', note: `${edited}, and is kept` } : replace(edited);
  }
  if (!isDone || file === 'outdated') return replace(link ? 'is a symbolic link' : undefined);
  if (record.options === undefined || canonical(record.options) === canonical(options))
    return { action: 'keep' };
  return { action: 'keep', note: 'was made with other options' };
}

/** Options as text, the same for the same options in whatever order. */
const canonical = (options: JobOptions | Record<string, unknown>): string =>
  JSON.stringify(Object.entries(options).sort(([one], [other]) => (one < other ? -1 : 1)));
