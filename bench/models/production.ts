import { existsSync, readFileSync } from 'node:fs';
import { delimiter, join, resolve } from 'node:path';
import { z } from 'zod';
import { pause } from '../../cli/api/retry';
import { baseEnvironment } from '../../local/emulator';
import { ManagedProcess } from '../../local/processes';
import type { BenchContext } from '../benchmark';

const root = join(__dirname, '..', '..');
const PYTHON = join(root, '.spotscribe/production/bin/python');
const PACKAGES = [
  'docker/common',
  'docker/audio',
  'docker/whisper',
  'docker/voxtral',
  'docker/embeddings',
  'docker/speech',
  'docker/testing',
  'bench/services',
];
/** Time for the service and its decoders to end, including a running batch on a busy processor. */
const STOP_SECONDS = 30;
const LAST_LINES = 15;

/** Lines of the report that the Python code writes. */
const line = z.union([z.object({ say: z.string() }), z.object({ measured: z.unknown() })]);

/** Missing parts of the services' production environment, and how to install them. */
export const lacksProduction = (): string | undefined =>
  existsSync(PYTHON)
    ? undefined
    : 'the production environment .spotscribe/production is missing. Run "bash scripts/test-production.sh" once';

/** Measures in the services' production environment. Parameters and errors as in `measureIn`. */
export const measureInProduction = <T>(
  part: string,
  shape: z.ZodType<T>,
  context: BenchContext,
): Promise<T> => measureIn(PYTHON, part, shape, context);

/**
 * Runs a part of `bench/services`, and reports its progress.
 *
 * @param file - Python interpreter of its environment
 * @param part - name in the Python code
 * @param shape - schema of its results
 * @throws the signal's reason if aborted, or an error with the last lines of output on failure
 */
export async function measureIn<T>(
  file: string,
  part: string,
  shape: z.ZodType<T>,
  { folder, signal, say }: BenchContext,
): Promise<T> {
  const log = join(folder, 'python.log');
  const report = join(folder, 'report.jsonl');
  signal.throwIfAborted();
  const python = new ManagedProcess({
    name: part,
    file,
    args: ['-m', 'spotscribe_bench', part, folder],
    env: environment(),
    cwd: folder,
    log,
  });
  let ended = false;
  const exited = python.exited.finally(() => (ended = true));
  let told = 0;
  try {
    while (!ended) {
      // The end of the process stops the pause. An abort makes the pause throw.
      await Promise.race([exited, pause(500, signal)]);
      const { said, lines } = readReport(existsSync(report) ? readFileSync(report, 'utf8') : '');
      said.slice(told).forEach(say);
      told = said.length;
      if (ended && lines.length > 0) return shape.parse(lines.at(-1));
    }
    throw new Error(`Measuring ${part} failed (${await exited}):\n${lastLines(readFileSync(log, 'utf8'))}`);
  } finally {
    await python.stop(STOP_SECONDS);
  }
}

/** Progress and results in a report that may still be incomplete. */
export function readReport(text: string): { said: string[]; lines: unknown[] } {
  const complete = text.slice(0, text.lastIndexOf('\n') + 1);
  const found = complete
    .split('\n')
    .filter((each) => each !== '')
    .map((each) => line.parse(JSON.parse(each)));
  return {
    said: found.flatMap((each) => ('say' in each ? [each.say] : [])),
    lines: found.flatMap((each) => ('measured' in each ? [each.measured] : [])),
  };
}

const lastLines = (text: string) => text.trimEnd().split('\n').slice(-LAST_LINES).join('\n');

/** Variables that name files or folders. Python runs in another folder. */
const PATHS = ['SPEECH_DIR', 'BENCH_CACHE', 'BENCH_DETAILS'];
const OTHERS = ['SPEECH_DIR', 'OMP_NUM_THREADS'];

/**
 * The caller's variables that set sizes of measurements, such as `BENCH_ROWS`, the folder of
 * recordings, and the threads of torch: on shared cores several threads mostly wait for each other.
 */
const chosen = () =>
  Object.fromEntries(
    Object.entries(process.env)
      .filter(([name]) => name.startsWith('BENCH_') || OTHERS.includes(name))
      .map(([name, value = '']) => [name, PATHS.includes(name) && value !== '' ? resolve(value) : value]),
  );

const environment = () => ({
  ...baseEnvironment(),
  ...chosen(),
  PYTHONPATH: PACKAGES.map((each) => join(root, each)).join(delimiter),
  PYTHONDONTWRITEBYTECODE: '1',
  HF_HUB_OFFLINE: '1',
  HF_HUB_DISABLE_TELEMETRY: '1',
  PYANNOTE_METRICS_ENABLED: '0',
  ORT_DISABLE_TELEMETRY: '1',
});
