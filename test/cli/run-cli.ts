import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, readdir, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import type { Connection } from '../../cli/api/client';
import { runProgram } from '../../cli/program';
import { RECORDS_FOLDER } from '../../cli/results/record';
import { until } from '../until';

const launcher = join(__dirname, '..', '..', 'bin', 'spotscribe.js');

export interface Ended {
  code: number | null;
  out: string;
  err: string;
}

export interface Running {
  child: ChildProcess;
  ended: Promise<Ended>;
  /** Waits until a text appears on either stream, the given number of times. */
  says: (pattern: RegExp, times?: number) => Promise<void>;
}

/** Starts the real program without the variables of this environment that it reads. */
export function startCli(args: string[], env: Record<string, string> = {}, cwd = tmpdir()): Running {
  const clean = { PATH: process.env.PATH, HOME: '/nonexistent', AWS_ENDPOINT_URL: 'http://localhost:1' };
  const state = { SPOTSCRIBE_LOCAL_STATE: '/nonexistent', AWS_EC2_METADATA_DISABLED: 'true' };
  const child = spawn(process.execPath, [launcher, ...args], { cwd, env: { ...clean, ...state, ...env } });
  const seen = { out: '', err: '' };
  child.stdout.on('data', (data: Buffer) => (seen.out += data.toString()));
  child.stderr.on('data', (data: Buffer) => (seen.err += data.toString()));
  const ended = new Promise<Ended>((resolve, reject) =>
    child.once('error', reject).once('close', (code) => resolve({ code, ...seen })),
  );
  const says = async (pattern: RegExp, times = 1) => {
    const found = () => (seen.out + seen.err).match(new RegExp(pattern, 'g'))?.length ?? 0;
    await until(() => found() >= times || child.exitCode !== null);
    if (found() < times) throw new Error(`It never said ${pattern}, but: ${seen.out}${seen.err}`);
  };
  return { child, ended, says };
}

export const runCli = (...args: Parameters<typeof startCli>): Promise<Ended> => startCli(...args).ended;

/** Runs the program in this process, if starting a process would take longer than the test. */
export async function callCli(
  args: string[],
  env: Record<string, string> = {},
  local?: Connection,
  stdin?: string,
): Promise<Ended> {
  const seen = { out: '', err: '' };
  const into = (stream: 'out' | 'err') => ({
    write: (text: string | Uint8Array) => {
      seen[stream] += Buffer.from(text).toString();
      return true;
    },
  });
  const code = await runProgram(args, {
    out: into('out'),
    err: into('err'),
    env,
    interruption: new AbortController().signal,
    localConnection: async () => local,
    ...(stdin !== undefined && { stdin: () => Readable.from([Buffer.from(stdin)]) }),
  });
  return { code, ...seen };
}

/** A temporary folder with files that are one hour old. */
export class Folder {
  private constructor(readonly path: string) {}

  static async with(files: Record<string, string>): Promise<Folder> {
    const folder = new Folder(await mkdtemp(join(tmpdir(), 'spotscribe-cli-')));
    for (const [name, content] of Object.entries(files)) await folder.add(name, content);
    return folder;
  }

  async add(name: string, content: string, ageSeconds = 3600): Promise<string> {
    const path = join(this.path, name);
    await writeFile(path, content);
    const time = Date.now() / 1000 - ageSeconds;
    await utimes(path, time, time);
    return path;
  }

  /** Names of the files, without the records folder. */
  async names(): Promise<string[]> {
    return (await readdir(this.path)).filter((name) => name !== RECORDS_FOLDER);
  }

  remove = (): Promise<void> => rm(this.path, { recursive: true });
}
