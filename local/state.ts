import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

/** Where everything of a local AWS lies, unless told otherwise. */
export const DEFAULT_STATE_DIR = join('.spotscribe', 'local');

/** A process that was started, known again by its start time: ids are used again, start times are not. */
export interface StartedProcess {
  name: string;
  pid: number;
  startedAt: string;
}

export interface LocalMachine {
  id: string;
  /** It is told to go, or gone from its group: its task ends, and none takes its place. */
  leaving: boolean;
  containers: { name: string; pid?: number; running: boolean; port?: number; log: string }[];
}

export interface LocalState {
  /** The process that owns all others. */
  owner: StartedProcess;
  phase: 'starting' | 'ready' | 'failed' | 'stopping';
  /** What is being done, or what failed. */
  message: string;
  endpoint?: string;
  outputs: Record<string, string>;
  /** What it was deployed with, for deployments by hand. */
  settings: Record<string, string>;
  /** A key of its API, for the user of this machine. */
  key?: string;
  processes: StartedProcess[];
  machines: LocalMachine[];
}

export const stateDirectory = (folder?: string): string =>
  resolve(folder ?? process.env.SPOTSCRIBE_LOCAL_STATE ?? DEFAULT_STATE_DIR);

/** Where the machines have their folders, each by its id. */
export const machinesFolder = (folder: string): string => join(folder, 'machines');

const file = (folder: string) => join(folder, 'state.json');

/** Says that a folder is a state folder, whose contents are removed at the next start. */
const MARK = '.spotscribe-local';
/** Files of state folders that were made before there was a mark. */
const EARLIER = ['state.json', 'emulator.log'];

/**
 * Makes a state folder, or takes one that an earlier AWS has left.
 *
 * @throws if the folder holds anything else: it is the user's, and must not lose files
 */
export function claimStateDirectory(folder: string): void {
  mkdirSync(folder, { recursive: true });
  const there = readdirSync(folder);
  if (there.length > 0 && ![MARK, ...EARLIER].some((name) => there.includes(name))) {
    throw new Error(
      `${folder} has files that are not of a local AWS: name an empty folder, or one that does not exist, with --state-dir`,
    );
  }
  writeFileSync(join(folder, MARK), '');
}

/** The state of the local AWS, or undefined if there is none. */
export function readLocalState(folder?: string): LocalState | undefined {
  try {
    return JSON.parse(readFileSync(file(stateDirectory(folder)), 'utf8')) as LocalState;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** Writes the state so that a reader sees the old one or the new one, never half of it. */
export function writeLocalState(folder: string, state: LocalState): void {
  mkdirSync(folder, { recursive: true });
  const temporary = `${file(folder)}.${process.pid}`;
  // Readable by its owner alone: there is a key in it.
  writeFileSync(temporary, JSON.stringify(state, null, 2), { mode: 0o600 });
  renameSync(temporary, file(folder));
}

/** Forgets a local AWS that has ended; its logs stay. */
export function removeLocalState(folder: string): void {
  rmSync(join(folder, 'tmp'), { recursive: true, force: true });
  rmSync(file(folder), { force: true });
}
