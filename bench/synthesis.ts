import { execFile } from 'node:child_process';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { baseEnvironment } from '../local/emulator';
import type { Benchmark } from './benchmark';
import { median } from './figure';

const ROUNDS = 5;
const TARGET_RATIO = 2.5;
const root = join(__dirname, '..');

/**
 * `cdk synth` of Spotscribe compared with an app with one empty stack, with the same CLI and
 * runner.
 */
export const synthesis: Benchmark = {
  name: 'synth',
  run: async ({ folder, signal, say }) => {
    const empty = emptyApp(join(folder, 'empty'));
    const output = join(folder, 'cdk.out');
    // One unmeasured run fills the runner's cache of compiled files.
    await synth(empty, output, signal);
    await synth(root, output, signal);
    const seconds = { empty: [] as number[], ours: [] as number[] };
    for (let round = 1; round <= ROUNDS; round++) {
      seconds.empty.push(await synth(empty, output, signal));
      seconds.ours.push(await synth(root, output, signal));
      say(
        `round ${round}/${ROUNDS}: ${seconds.ours.at(-1)?.toFixed(2)} s, empty app ${seconds.empty.at(-1)?.toFixed(2)} s`,
      );
    }
    const ours = median(seconds.ours);
    const base = median(seconds.empty);
    return [
      { name: 'synth: beside an empty app', value: ours / base, unit: '×', target: TARGET_RATIO },
      { name: 'synth: … cdk synth', value: ours, unit: 's' },
      { name: 'synth: … of an empty app', value: base, unit: 's' },
    ];
  },
};

function emptyApp(folder: string): string {
  mkdirSync(folder);
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
  writeFileSync(join(folder, 'cdk.json'), JSON.stringify({ app: 'node --import tsx app.ts' }));
  writeFileSync(
    join(folder, 'app.ts'),
    "import { App, Stack } from 'aws-cdk-lib';\nconst app = new App();\nnew Stack(app, 'Empty');\napp.synth();\n",
  );
  return folder;
}

/**
 * Seconds of one `cdk synth`, without credentials, so that it does not call AWS to identify them.
 */
async function synth(cwd: string, output: string, signal: AbortSignal): Promise<number> {
  const start = performance.now();
  await promisify(execFile)(
    process.execPath,
    [join(root, 'node_modules/aws-cdk/bin/cdk'), ...['synth', '--quiet', '--no-notices', '--output', output]],
    {
      cwd,
      env: {
        ...baseEnvironment(),
        AWS_ENDPOINT_URL: 'http://127.0.0.1:9',
        AWS_REGION: 'us-east-1',
        AWS_EC2_METADATA_DISABLED: 'true',
        AWS_CONFIG_FILE: join(output, 'none'),
        AWS_SHARED_CREDENTIALS_FILE: join(output, 'none'),
        CDK_DISABLE_CLI_TELEMETRY: 'true',
      },
      signal,
    },
  );
  return (performance.now() - start) / 1000;
}
