import { readdirSync, readFileSync } from 'node:fs';

const KIB = 1024;

/** Missing requirement of this machine. */
export const lacksProc = (): string | undefined =>
  process.platform === 'linux' ? undefined : 'memory of processes is read from /proc, which requires Linux';

/** Memory of a process group in bytes. @param group - id of the group's leader */
export function resident(group: number): number {
  const processes = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return processes.map((pid) => bytesIn(pid, group)).reduce((sum, bytes) => sum + bytes, 0);
}

function bytesIn(pid: string, group: number): number {
  try {
    // The name, in parentheses, may contain any characters. State, parent and group follow it.
    const [, , of] = readFileSync(`/proc/${pid}/stat`, 'utf8')
      .replace(/^.*\) /s, '')
      .split(' ');
    if (Number(of) !== group) return 0;
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    return Number(/^VmRSS:\s*(\d+) kB$/m.exec(status)?.[1] ?? 0) * KIB;
  } catch (error) {
    // The process has ended meanwhile.
    if (['ENOENT', 'ESRCH'].includes((error as NodeJS.ErrnoException).code ?? '')) return 0;
    throw error;
  }
}
