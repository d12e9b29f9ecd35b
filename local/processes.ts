import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { existsSync, openSync, closeSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { StartedProcess } from './state';

/**
 * When a process started, as the system tells it, or undefined if there is no such process. On Linux that is the clock
 * tick of its start; elsewhere the second.
 */
export function startTime(pid: number): string | undefined {
  try {
    if (existsSync('/proc/self/stat')) {
      // The name, in brackets, may hold anything; the state and the 19 fields up to the start time follow it.
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

/** Whether the process is the one that was started, and not another that got its id since. */
export const isAlive = ({ pid, startedAt }: StartedProcess): boolean => startTime(pid) === startedAt;

export interface Launch {
  name: string;
  file: string;
  args: string[];
  env: Record<string, string>;
  cwd: string;
  /** File that takes the output. */
  log: string;
}

/** A process with a group of its own, so that what it starts ends with it. */
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
    // A failed start is told to whoever waits for the exit.
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

  /** Sends SIGTERM to the process, and SIGKILL to its group after the time given. */
  async stop(graceSeconds: number): Promise<void> {
    await endProcess(this.started, graceSeconds);
    await this.exited.catch(() => undefined);
  }
}

/** Ends a process if it is still the one that was started. */
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

/** On Linux the kernel ends the process when its parent dies, however that happens. */
function tiedToParent(file: string, args: string[]): [string, string[]] {
  return process.platform === 'linux'
    ? ['setpriv', ['--pdeathsig', 'TERM', '--', file, ...args]]
    : [file, args];
}
