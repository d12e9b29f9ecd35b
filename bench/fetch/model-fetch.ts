import { createHash, randomBytes } from 'node:crypto';
import { closeSync, mkdirSync, openSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { ENV } from '../../core/contract/environment';
import { MODEL_KEY } from '../../core/models/model-layout';
import type { ModelManifest } from '../../core/models/model-manifest';
import { pythonEnvironment, workerBundle } from '../../local/installation';
import type { Benchmark } from '../benchmark';
import { type Figure, median } from '../figure';
import { environment, measure, type Measured, startServer } from './measured';

/** Size of the model in GB, in one file. The largest file of Voxtral has 5 GB. */
const GIGABYTES = Number(process.env.SPOTSCRIBE_BENCH_MODEL_GB ?? 1);
const ROUNDS = 3;
const MODEL = { name: 'big', revision: '1' };
const BLOCK_BYTES = 64 << 20;

/**
 * Time to fetch a model from the cache, compared with the AWS CLI with its native transfer client
 * and with a plain copy. Server, client and disk share this machine, so only the ratios are
 * meaningful.
 */
export const modelFetch: Benchmark = {
  name: 'model-fetch',
  run: async (context) => {
    const { folder, say } = context;
    const bucket = join(folder, 'bucket');
    const file = makeModel(bucket);
    const aws = await pythonEnvironment('model-fetch', 'bench/fetch/requirements.txt', say);
    const worker = await workerBundle(folder);
    const server = await startServer(bucket, context);
    const env = {
      ...environment(folder, server.port),
      [ENV.modelBucket]: 'models',
      [ENV.models]: JSON.stringify([{ ...MODEL, required: true }]),
    };
    const target = join(folder, 'target');
    const ours: Measured[] = [];
    const second: Measured[] = [];
    const theirs: Measured[] = [];
    const copies: Measured[] = [];
    const fetch = () =>
      measure([process.execPath, worker, 'fetch-models'], { ...env, [ENV.modelDir]: target }, context);
    try {
      for (let round = 1; round <= ROUNDS; round++) {
        const fresh = () => {
          rmSync(target, { recursive: true, force: true });
          mkdirSync(target);
        };
        fresh();
        copies.push(await measure(['cp', file, join(target, 'model.bin')], env, context));
        fresh();
        const key = `s3://models/${MODEL_KEY.file(MODEL, 'model.bin')}`;
        const copy = ['-m', 'awscli', 's3', 'cp', '--only-show-errors', key, join(target, 'model.bin')];
        theirs.push(await measure([aws, ...copy], env, context));
        fresh();
        ours.push(await fetch());
        second.push(await fetch());
        say(
          `round ${round}/${ROUNDS}: ${[ours, theirs, copies, second].map((all) => all.at(-1)?.seconds.toFixed(2)).join(', ')} s`,
        );
      }
    } finally {
      server.stop();
    }
    return figures(ours, theirs, copies, second);
  },
};

function figures(ours: Measured[], theirs: Measured[], copies: Measured[], second: Measured[]): Figure[] {
  const seconds = (all: Measured[]) => median(all.map((each) => each.seconds));
  return [
    {
      name: 'model-fetch: speed beside AWS’s native client',
      value: seconds(theirs) / seconds(ours),
      unit: '×',
      least: 1,
    },
    { name: 'model-fetch: … beside a plain copy', value: seconds(copies) / seconds(ours), unit: '×' },
    { name: 'model-fetch: second start', value: seconds(second), unit: 's', target: 1 },
    { name: `model-fetch: … ${GIGABYTES} GB, with SHA-256`, value: seconds(ours), unit: 's' },
    { name: 'model-fetch: … AWS’s native client, without', value: seconds(theirs), unit: 's' },
    { name: 'model-fetch: … processor time', value: median(ours.map(({ cpu }) => cpu)), unit: 's' },
    {
      name: 'model-fetch: … processor time of AWS’s',
      value: median(theirs.map(({ cpu }) => cpu)),
      unit: 's',
    },
    {
      name: 'model-fetch: … peak memory',
      value: Math.max(...ours.map(({ kilobytes }) => kilobytes)) / 1000,
      unit: 'MB',
    },
    {
      name: 'model-fetch: … peak memory of AWS’s',
      value: Math.max(...theirs.map(({ kilobytes }) => kilobytes)) / 1000,
      unit: 'MB',
    },
  ];
}

/** Writes a model into a bucket's folder. Returns its one file. */
function makeModel(bucket: string): string {
  const place = join(bucket, MODEL_KEY.folder(MODEL));
  mkdirSync(place, { recursive: true });
  const file = join(place, 'model.bin');
  const block = randomBytes(BLOCK_BYTES);
  const blocks = Math.ceil((GIGABYTES * 1e9) / BLOCK_BYTES);
  const hash = createHash('sha256');
  const opened = openSync(file, 'w');
  for (let written = 0; written < blocks; written++) {
    // All blocks differ, so that swapped blocks are detected.
    block.writeUInt32LE(written, 0);
    writeSync(opened, block);
    hash.update(block);
  }
  closeSync(opened);
  const manifest: ModelManifest = {
    version: 1,
    ...MODEL,
    source: null,
    license: null,
    created_at: new Date().toISOString(),
    files: [{ path: 'model.bin', size: blocks * BLOCK_BYTES, sha256: hash.digest('hex') }],
  };
  writeFileSync(join(bucket, MODEL_KEY.manifest(MODEL)), JSON.stringify(manifest));
  return file;
}
