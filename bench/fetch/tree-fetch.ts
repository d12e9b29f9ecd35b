import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { pythonEnvironment } from '../../local/installation';
import type { Benchmark } from '../benchmark';
import { type Figure, median } from '../figure';
import { environment, measure, type Measured, startServer } from './measured';

const ROUNDS = 3;
const root = join(__dirname, '../..');
/** Installed packages: many small files and some large ones, as in the image of a model service. */
const PACKAGES = 'docker/.venv';

/**
 * Time to fetch the file system of an image and unpack it, compressed with zstd or not, compared with
 * programs that a machine has: AWS's command line, zstd and tar in a pipe. Server, client and disk share
 * this machine, so only the ratios are meaningful.
 */
export const treeFetch: Benchmark = {
  name: 'tree-fetch',
  run: async (context) => {
    const { folder, say } = context;
    const bucket = join(folder, 'bucket');
    mkdirSync(bucket);
    const plain = join(bucket, 'plain.tar');
    const compressed = join(bucket, 'compressed.tar');
    execFileSync('tar', ['--create', '--file', plain, '--directory', root, PACKAGES]);
    execFileSync('zstd', ['--quiet', '-T0', plain, '-o', compressed]);
    const aws = await pythonEnvironment('model-fetch', 'bench/fetch/requirements.txt', say);
    const server = await startServer(bucket, context);
    const env = environment(folder, server.port);
    const all = { ours: [] as Measured[], plain: [] as Measured[], pipe: [] as Measured[] };
    const target = join(folder, 'trees');
    const fresh = () => {
      rmSync(target, { recursive: true, force: true });
      mkdirSync(target);
      return target;
    };
    const ours = (name: string) =>
      measure(
        [process.execPath, '--import', 'tsx', join(__dirname, 'tree.ts'), `s3://trees/${name}.tar`, fresh()],
        env,
        context,
      );
    const pipe = `"${aws}" -m awscli s3 cp --only-show-errors s3://trees/compressed.tar - | zstd -dc | tar -x -C "${target}"`;
    try {
      for (let round = 1; round <= ROUNDS; round++) {
        all.ours.push(await ours('compressed'));
        all.plain.push(await ours('plain'));
        fresh();
        all.pipe.push(await measure(['bash', '-o', 'pipefail', '-c', pipe], env, context));
        say(
          `round ${round}/${ROUNDS}: ${Object.values(all)
            .map((each) => each.at(-1)?.seconds.toFixed(2))
            .join(', ')} s`,
        );
      }
    } finally {
      server.stop();
    }
    return figures(all, statSync(plain).size, statSync(compressed).size);
  },
};

function figures(
  { ours, plain, pipe }: Record<'ours' | 'plain' | 'pipe', Measured[]>,
  bytes: number,
  compressed: number,
): Figure[] {
  const seconds = (all: Measured[]) => median(all.map((each) => each.seconds));
  const peak = (all: Measured[]) => Math.max(...all.map(({ kilobytes }) => kilobytes)) / 1000;
  return [
    {
      ...{ name: 'tree-fetch: speed beside AWS’s command line, zstd and tar', unit: '×', least: 1 },
      value: seconds(pipe) / seconds(ours),
    },
    {
      name: 'tree-fetch: … beside the archive without compression',
      value: seconds(plain) / seconds(ours),
      unit: '×',
    },
    { name: 'tree-fetch: … size of the archive', value: compressed / 1e6, unit: 'MB' },
    { name: 'tree-fetch: … without compression', value: bytes / 1e6, unit: 'MB' },
    { name: 'tree-fetch: … time', value: seconds(ours), unit: 's' },
    { name: 'tree-fetch: … processor time', value: median(ours.map(({ cpu }) => cpu)), unit: 's' },
    { name: 'tree-fetch: … peak memory of a process', value: peak(ours), unit: 'MB' },
  ];
}
