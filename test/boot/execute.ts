import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Runs a program. @returns what it prints. @throws Error with what it prints on standard error */
export async function execute(program: string, ...args: string[]): Promise<string> {
  try {
    return (await run(program, args, { maxBuffer: 2 ** 26 })).stdout.trim();
  } catch (error) {
    const { stdout = '', stderr = '' } = error as { stdout?: string; stderr?: string };
    throw new Error(`${program} ${args.join(' ')}: ${stderr}${stdout}`.trim(), { cause: error });
  }
}
