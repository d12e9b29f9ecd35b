import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

/** Default folder of a local AWS. */
export const DEFAULT_STATE_DIR = join('.spotscribe', 'local');

/** A started process, identified by id and start time because ids are reused. */
export interface StartedProcess {
  name: string;
  pid: number;
  startedAt: string;
}

export interface LocalMachine {
  id: string;
  /** The machine got a spot notice or left its group: its task ends and is not replaced. */
  leaving: boolean;
  containers: { name: string; pid?: number; running: boolean; port?: number; log: string }[];
}

export interface LocalState {
  /** The process that owns all others. */
  owner: StartedProcess;
  phase: 'starting' | 'ready' | 'failed' | 'stopping';
  /** Current step, or the error. */
  message: string;
  endpoint?: string;
  outputs: Record<string, string>;
  /** Settings of the deployment, for further deployments by hand. */
  settings: Record<string, string>;
  /** A key of its API for the local user. */
  key?: string;
  processes: StartedProcess[];
  machines: LocalMachine[];
}

export const stateDirectory = (folder?: string): string =>
  resolve(folder ?? process.env.SPOTSCRIBE_LOCAL_STATE ?? DEFAULT_STATE_DIR);

/** Folder with a subfolder for each machine, named by its id. */
export const machinesFolder = (folder: string): string => join(folder, 'machines');

const file = (folder: string) => join(folder, 'state.json');

/** Marks a state folder, whose contents are removed at the next start. */
const MARK = '.spotscribe-local';
/** Files in state folders of earlier versions, which have no mark. */
const EARLIER = ['state.json', 'emulator.log'];

/**
 * Creates a state folder, or reuses that of an earlier local AWS.
 *
 * @throws if the folder contains anything else, because the user's files must not be deleted
 */
export function claimStateDirectory(folder: string): void {
  mkdirSync(folder, { recursive: true });
  const there = readdirSync(folder);
  if (there.length > 0 && ![MARK, ...EARLIER].some((name) => there.includes(name))) {
    throw new Error(
      `${folder} contains files that do not belong to a local AWS. Pass an empty or new folder with --state-dir`,
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

/** Writes the state atomically. */
export function writeLocalState(folder: string, state: LocalState): void {
  mkdirSync(folder, { recursive: true });
  const temporary = `${file(folder)}.${process.pid}`;
  // Readable only by the owner, because it contains a key.
  writeFileSync(temporary, JSON.stringify(state, null, 2), { mode: 0o600 });
  renameSync(temporary, file(folder));
}

/** Deletes the state of a stopped local AWS, but not its logs. */
export function removeLocalState(folder: string): void {
  rmSync(join(folder, 'tmp'), { recursive: true, force: true });
  rmSync(file(folder), { force: true });
}
