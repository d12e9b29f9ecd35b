import { execFile } from 'node:child_process';
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { CfnFunction } from 'aws-cdk-lib/aws-lambda';
import { PATHS } from '../lib/paths';
import { spotscribeApp } from '../lib/app';
import { baseEnvironment } from '../local/emulator';
import type { Benchmark } from './benchmark';
import { type Figure, median } from './figure';

const ROUNDS = 9;
const TARGET_KB = 300;
const TARGET_MS = 150;
const root = join(__dirname, '..');

interface Bundle {
  name: string;
  file: string;
  /** Packages of the SDK that the handler loads from the runtime. */
  sdk: string[];
}

/** Load times in milliseconds. */
interface Load {
  elapsed: number;
  /** Processor time, which hardly depends on other load of the machine. */
  cpu: number;
}

/**
 * Size of each handler's bundle, and its load time in a fresh process compared with the SDK's
 * clients.
 */
export const handlers: Benchmark = {
  name: 'handlers',
  run: async ({ folder, signal, say }) => {
    say('bundling');
    const bundles = bundle(join(folder, 'cdk.out'));
    const times = bundles.map(() => ({ whole: [] as Load[], sdk: [] as Load[] }));
    for (let round = 1; round <= ROUNDS; round++) {
      say(`loading, round ${round}/${ROUNDS}`);
      for (const [i, { file, sdk }] of bundles.entries()) {
        // Alternates, so that other load of the machine affects both.
        times[i]?.whole.push(await load([file], signal));
        times[i]?.sdk.push(await load(sdk, signal));
      }
    }
    return bundles.flatMap(({ name, file }, i) =>
      figures(name, statSync(file).size / 1024, times[i]?.whole ?? [], times[i]?.sdk ?? []),
    );
  },
};

function figures(name: string, kb: number, whole: Load[], sdk: Load[]): Figure[] {
  const elapsed = median(whole.map((load) => load.elapsed));
  const cpu = median(whole.map((load) => load.cpu));
  const sdkCpu = median(sdk.map((load) => load.cpu));
  return [
    { name: `${name}: bundle`, value: kb, unit: 'KB', target: TARGET_KB },
    { name: `${name}: cold import`, value: elapsed, unit: 'ms', target: TARGET_MS },
    { name: `${name}: … processor time`, value: cpu, unit: 'ms' },
    { name: `${name}: … of its SDK clients alone`, value: sdkCpu, unit: 'ms' },
    { name: `${name}: … ratio of the two`, value: cpu / sdkCpu, unit: '×' },
  ];
}

/** The bundles of a synthesis, as deployed. */
function bundle(outdir: string): Bundle[] {
  const paths = PATHS.map(({ info }) => info.id).join(',');
  const app = spotscribeApp({ outdir, postCliContext: { 'spotscribe:paths': paths } });
  app.synth();
  const bundles = app.node
    .findAll()
    .filter((construct): construct is CfnFunction => construct instanceof CfnFunction)
    .flatMap((resource) => {
      const environment = resource.stack.resolve(resource.environment) as
        { variables?: Record<string, unknown> } | undefined;
      const name = environment?.variables?.POWERTOOLS_SERVICE_NAME;
      // Skips the CDK's own functions.
      if (typeof name !== 'string') return [];
      const asset = (resource.code as CfnFunction.CodeProperty).s3Key?.replace('.zip', '');
      const file = join(outdir, `asset.${asset}`, 'index.js');
      return [{ name, file, sdk: sdkPackages(readFileSync(file, 'utf8')) }];
    });
  // Paths share most handlers.
  const known = new Map(bundles.map((each) => [each.name, each]));
  if (known.size === 0) throw new Error('The synthesis has no handlers: nothing to measure');
  return [...known.values()];
}

const sdkPackages = (code: string) => [
  ...new Set([...code.matchAll(/require\("(@(?:aws-sdk|smithy)\/[^"]+)"\)/g)].map(([, name = '']) => name)),
];

const LOAD = `
  const began = process.cpuUsage(), start = performance.now();
  for (const name of process.argv.slice(1)) require(name);
  const elapsed = performance.now() - start, { user, system } = process.cpuUsage(began);
  console.log(JSON.stringify({ elapsed, cpu: (user + system) / 1000 }));
`;

/** Loads modules in a fresh process. */
async function load(modules: string[], signal: AbortSignal): Promise<Load> {
  const { stdout } = await promisify(execFile)(process.execPath, ['-e', LOAD, ...modules], {
    env: {
      ...baseEnvironment(),
      NODE_PATH: join(root, 'node_modules'),
      AWS_ENDPOINT_URL: 'http://127.0.0.1:9',
      AWS_REGION: 'us-east-1',
    },
    signal,
  });
  return JSON.parse(stdout) as Load;
}
