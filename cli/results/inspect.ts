import { createHash } from 'node:crypto';
import { lstat, readFile, stat } from 'node:fs/promises';
import { dirname, relative, resolve } from 'node:path';
import { contentHash } from '../transcribe/idempotency';
import type { Input } from '../transcribe/inputs';
import { readRecord, type ResultRecord } from './record';

/** State of the path of a result. */
export interface Found {
  /**
   * `written`: the content of the record; `outdated`: the earlier result that the record replaces;
   * `edited`: any other content; `foreign`: a file without a record; `occupied`: not a file.
   */
  file: 'none' | 'written' | 'outdated' | 'edited' | 'foreign' | 'occupied';
  /** Whether the path is a symbolic link. */
  link: boolean;
  /** SHA-256 of the file, in hex. */
  sha256?: string;
  modifiedMs?: number;
  record?: ResultRecord;
  /** Whether there is a record that cannot be read. */
  unreadable: boolean;
}

/** Relation between the recording of a record and the current recording. */
export type Kinship = 'same' | 'changed' | 'another';

export async function inspect(path: string): Promise<Found> {
  const known = await readRecord(path);
  const unreadable = known === 'unreadable';
  const record = known === 'unreadable' ? undefined : known;
  const there = await lstat(path).catch(() => undefined);
  if (there === undefined) return { file: 'none', link: false, record, unreadable };
  const link = there.isSymbolicLink();
  const target = link ? await stat(path).catch(() => undefined) : there;
  if (target === undefined) return { file: 'foreign', link, record, unreadable };
  if (!target.isFile()) return { file: 'occupied', link, record, unreadable };
  const sha256 = await readFile(path).then(hashOf, () => undefined);
  return { file: contentOf(sha256, record), link, sha256, modifiedMs: target.mtimeMs, record, unreadable };
}

export const hashOf = (content: Uint8Array): string => createHash('sha256').update(content).digest('hex');

function contentOf(sha256?: string, record?: ResultRecord): Found['file'] {
  if (record === undefined) return 'foreign';
  if (sha256 === record.sha256) return 'written';
  return sha256 !== undefined && sha256 === record.replaces ? 'outdated' : 'edited';
}

/**
 * Path of a recording, relative to its result: it stays valid when audio and results are moved
 * together.
 */
export const sourcePath = (input: Input, result: string): string =>
  relative(dirname(result), resolve(input.path));

const hashes = new WeakMap<Input, Promise<string>>();

/** SHA-256 of a recording. The file is read once per run. */
export function hashOfInput(input: Input, signal?: AbortSignal): Promise<string> {
  const hash = hashes.get(input) ?? contentHash(input.path, signal);
  hashes.set(input, hash);
  return hash;
}

/**
 * Determines whether a result was made from this recording. If the modification times differ, as in
 * a copy of the folder on another machine, the content decides.
 */
export async function kinship(input: Input, result: string, { source }: ResultRecord): Promise<Kinship> {
  const samePlace = source.path === sourcePath(input, result);
  if (samePlace && source.size === input.size && source.modified_ms === input.modifiedMs) return 'same';
  if (source.size === input.size && (await hashOfInput(input)) === source.sha256) return 'same';
  return samePlace ? 'changed' : 'another';
}
