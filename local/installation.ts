import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { build } from 'esbuild';

const run = promisify(execFile);
const root = join(__dirname, '..');

/** All local AWS of this checkout share the Python environments. */
const ENVIRONMENTS = join(root, '.spotscribe', 'python');

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
  const hash = createHash('sha256').update(readFileSync(lock)).digest('hex');
  const python = join(folder, 'bin', 'python');
  const marker = join(folder, 'requirements.sha256');
  if (existsSync(marker) && readFileSync(marker, 'utf8') === hash) return python;
  onProgress(`installing ${requirements}`);
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
  writeFileSync(marker, hash);
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
