import { spawn } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { CloudFormationClient, DescribeStacksCommand } from '@aws-sdk/client-cloudformation';
import { OUTPUT } from '../core/contract/environment';
import { ACCOUNT, baseEnvironment, clientConfiguration, clientEnvironment, REGION } from './emulator';

const root = join(__dirname, '..');

export interface Deployment {
  endpoint: string;
  stateDir: string;
  /** Folder of the CDK app. @default - this package */
  app?: string;
  /** Settings of the deployment, by name. */
  settings: Record<string, string>;
  onProgress: (text: string) => void;
  /** Stops the CDK early. */
  signal?: AbortSignal;
}

/** Environment variables that make the CDK use these settings. */
export const settingsEnvironment = (settings: Record<string, string>): Record<string, string> => ({
  SPOTSCRIBE_SETTINGS: JSON.stringify(settings),
});

/** Runs the CDK's command line against the emulator. */
export async function cdk(deployment: Deployment, ...args: string[]): Promise<void> {
  const { endpoint, stateDir, app = root, settings, onProgress, signal } = deployment;
  const log = join(stateDir, 'cdk.log');
  const command = [...args, '--no-notices', '--no-color', '--output', join(stateDir, 'cdk.out')];
  const child = spawn(process.execPath, [join(root, 'node_modules/aws-cdk/bin/cdk'), ...command], {
    cwd: app,
    env: {
      ...baseEnvironment(),
      ...clientEnvironment(endpoint),
      ...settingsEnvironment(settings),
      // By default builds no image here, because processes run without images.
      CDK_DOCKER: process.env.CDK_DOCKER ?? 'true',
    },
    stdio: ['ignore', 'pipe', 'pipe'],
    signal,
  });
  const file = createWriteStream(log, { flags: 'a' });
  const last: string[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    createInterface({ input: stream }).on('line', (line) => {
      file.write(`${line}\n`);
      last.splice(0, last.length - 9);
      last.push(line);
      const step = /\|\s*(\d+\/\d+)\s*\|.*\|\s*(AWS::\S+)/.exec(line);
      if (step !== null) onProgress(`${args[0]} ${args[1] ?? ''} ${step[1]} ${step[2]}`);
    });
  }
  const code = await new Promise<number | null>((resolve, reject) =>
    child.once('error', reject).once('close', resolve),
  );
  file.end();
  if (code !== 0) throw new Error(`cdk ${args.join(' ')} failed (${code}), see ${log}:\n${last.join('\n')}`);
}

/** Bootstraps the emulated account and deploys a path, like a user in a real account. */
export async function deployPath(deployment: Deployment, path: string): Promise<Record<string, string>> {
  deployment.onProgress('cdk bootstrap');
  await cdk(deployment, 'bootstrap', `aws://${ACCOUNT}/${REGION}`);
  deployment.onProgress(`cdk deploy Spotscribe-${path}`);
  await cdk(
    deployment,
    'deploy',
    `Spotscribe-${path}`,
    '--require-approval',
    'never',
    '--progress',
    'events',
  );
  return stackOutputs(deployment.endpoint, `Spotscribe-${path}`);
}

/** Returns the outputs of a stack. Rewrites the API's URL so that it needs no name resolution. */
export async function stackOutputs(endpoint: string, stack: string): Promise<Record<string, string>> {
  const client = new CloudFormationClient(clientConfiguration(endpoint));
  const { Stacks = [] } = await client.send(new DescribeStacksCommand({ StackName: stack }));
  const outputs = Object.fromEntries(
    (Stacks[0]?.Outputs ?? []).map(({ OutputKey = '', OutputValue = '' }) => [OutputKey, OutputValue]),
  );
  const id = /^https?:\/\/([^.]+)\./.exec(outputs[OUTPUT.apiUrl] ?? '')?.[1];
  return id === undefined
    ? outputs
    : { ...outputs, [OUTPUT.apiUrl]: `${endpoint}/_aws/execute-api/${id}/$default` };
}
