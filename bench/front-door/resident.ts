import { readdirSync, readFileSync } from 'node:fs';

const KIB = 1024;

/** What this machine lacks for it. */
export const lacksProc = (): string | undefined =>
  process.platform === 'linux' ? undefined : 'memory of processes is read from /proc, which Linux has';

/** Bytes of memory that a process group holds, a leader with all that it started. @param group - the leader's id */
export function resident(group: number): number {
  const processes = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return processes.map((pid) => bytesIn(pid, group)).reduce((sum, bytes) => sum + bytes, 0);
}

function bytesIn(pid: string, group: number): number {
  try {
    // The name, in brackets, may hold anything; state, parent and group follow it.
    const [, , of] = readFileSync(`/proc/${pid}/stat`, 'utf8')
      .replace(/^.*\) /s, '')
      .split(' ');
    if (Number(of) !== group) return 0;
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    return Number(/^VmRSS:\s*(\d+) kB$/m.exec(status)?.[1] ?? 0) * KIB;
  } catch (error) {
    // It has ended since.
    if (['ENOENT', 'ESRCH'].includes((error as NodeJS.ErrnoException).code ?? '')) return 0;
    throw error;
  }
}
