import { existsSync } from 'node:fs';
import { extname, join } from 'node:path';
import { SPEECH_FILE_FORMATS, type SpeechFileFormat } from '../../core/contract/names';
import { createAtomically, writeAtomically } from '../atomic-write';
import { CliError, UsageError } from '../errors';
import { KINDS } from '../run/files-kinds';

/** Where the speech is written. */
export type Target = { format: SpeechFileFormat } & (
  | { to: 'stdout' }
  /** `path` of a file, or of the folder for the files of the chapters. */
  | { to: 'file' | 'folder'; path: string }
);

export interface TargetOptions {
  out?: string;
  format?: SpeechFileFormat;
  chapters?: boolean;
  force?: boolean;
  json?: boolean;
}

/**
 * Where the options want the speech.
 *
 * @param isTerminal whether standard output is a terminal
 * @throws UsageError if the options exclude each other
 * @throws CliError `file_exists`
 */
export function targetOf(
  { out, force, json, chapters, ...options }: TargetOptions,
  isTerminal: boolean,
): Target {
  const format = options.format ?? formatOf(out) ?? 'mp3';
  if (out === '-') {
    if (isTerminal)
      throw new UsageError(
        'Standard output is a terminal, which cannot show audio: choose a file with --out',
      );
    if (chapters === true) throw new UsageError('--chapters makes several files: choose a folder with --out');
    if (json === true)
      throw new UsageError('--json and --out - both write to standard output: choose a file');
    return { format, to: 'stdout' };
  }
  const target =
    chapters === true
      ? ({ format, to: 'folder', path: out ?? 'speech' } as const)
      : ({ format, to: 'file', path: out ?? `speech.${format}` } as const);
  // A folder without its list is that of an interrupted run, which continues.
  const occupied = target.to === 'file' ? target.path : join(target.path, KINDS.speech.list);
  if (force !== true && existsSync(occupied)) throw exists(occupied);
  return target;
}

/** @throws CliError `file_exists` if a file appeared meanwhile, `write_failed` */
export async function writeSpeech(path: string, content: Uint8Array, force: boolean): Promise<void> {
  if (force) return writeAtomically(path, content);
  if (!(await createAtomically(path, content))) throw exists(path);
}

const exists = (path: string) =>
  new CliError('file_exists', `${path} already exists. Choose another name with --out, or add --force`);

/** The format that the name of a file asks for. */
const formatOf = (out = ''): SpeechFileFormat | undefined =>
  SPEECH_FILE_FORMATS.find((format) => `.${format}` === extname(out).toLowerCase());
