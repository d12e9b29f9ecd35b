import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { existsSync, openSync, closeSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { StartedProcess } from './state';

/**
 * Returns the start time of a process as text, or undefined if the process does not exist. On Linux
 * the unit is a clock tick, elsewhere a second.
 */
export function startTime(pid: number): string | undefined {
  try {
    if (existsSync('/proc/self/stat')) {
      // The name, in parentheses, may contain any characters. The state and 19 fields to the start
      // time follow.
      const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
        .replace(/^.*\) /s, '')
        .split(' ');
      return fields[0] === 'Z' ? undefined : fields[19];
    }
    return execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8' }).trim() || undefined;
  } catch {
    return undefined;
  }
}

/** Whether the started process still runs. Its id may have been reused by another process. */
export const isAlive = ({ pid, startedAt }: StartedProcess): boolean => startTime(pid) === startedAt;

export interface Launch {
  name: string;
  file: string;
  args: string[];
  env: Record<string, string>;
  cwd: string;
  /** File for the output. */
  log: string;
}

/** A process with its own process group, so that its child processes end with it. */
export class ManagedProcess {
  readonly started: StartedProcess;
  /** Resolves with the exit code, or the signal's name. */
  readonly exited: Promise<number | NodeJS.Signals>;
  private done = false;

  constructor(launch: Launch) {
    const log = openSync(launch.log, 'a');
    const child: ChildProcess = spawn(...tiedToParent(launch.file, launch.args), {
      cwd: launch.cwd,
      env: launch.env,
      detached: true,
      stdio: ['ignore', log, log],
    });
    closeSync(log);
    this.exited = new Promise((resolve, reject) => {
      child.once('error', (error) => reject(new Error(`Could not start ${launch.name}: ${error.message}`)));
      child.once('exit', (code, signal) => {
        this.done = true;
        resolve(code ?? signal ?? 'SIGKILL');
      });
    });
    // Callers who wait for `exited` get the error of a failed start.
    this.exited.catch(() => (this.done = true));
    const pid = child.pid ?? -1;
    this.started = { name: launch.name, pid, startedAt: startTime(pid) ?? '' };
  }

  get running(): boolean {
    return !this.done;
  }

  /** Sends SIGKILL to the process's group. */
  kill(): void {
    if (isAlive(this.started)) signal(-this.started.pid, 'SIGKILL');
  }

  /** Sends SIGTERM to the process, and SIGKILL to its group after `graceSeconds`. */
  async stop(graceSeconds: number): Promise<void> {
    await endProcess(this.started, graceSeconds);
    await this.exited.catch(() => undefined);
  }
}

/** Ends a process if its id was not reused. */
export async function endProcess(started: StartedProcess, graceSeconds: number): Promise<void> {
  if (!isAlive(started)) return;
  signal(started.pid, 'SIGTERM');
  const deadline = Date.now() + graceSeconds * 1000;
  while (isAlive(started) && Date.now() < deadline) await sleep(50);
  signal(-started.pid, 'SIGKILL');
  while (isAlive(started)) await sleep(20);
}

function signal(pid: number, name: NodeJS.Signals) {
  try {
    process.kill(pid, name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

/** On Linux the kernel ends the process whenever its parent dies. */
function tiedToParent(file: string, args: string[]): [string, string[]] {
  return process.platform === 'linux'
    ? ['setpriv', ['--pdeathsig', 'TERM', '--', file, ...args]]
    : [file, args];
}
