import { spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Command, Option } from 'commander';
import { OUTPUT } from '../../core/contract/environment';
import { endLeftovers, type LocalState, readLocalState, startLocalAws, stateDirectory } from '../../local';
import { settingsEnvironment } from '../../local/deploy';
import { hasSpeakers, noSpeakers } from '../../local/installation';
import { claimStateDirectory } from '../../local/state';
import { clientEnvironment } from '../../local/emulator';
import { endProcess, isAlive } from '../../local/processes';
import type { Context } from '../context';
import { CliError, UsageError } from '../errors';
import { registerInterrupt } from './local-interrupt';
import { createLocalKey } from './local-key';
import { wholeNumber } from '../options';
import { runningLocal } from './running-local';

export interface UpOptions {
  stateDir?: string;
  port?: number;
  path?: string;
  app?: string;
  setting: Record<string, string>;
  diarize?: boolean;
  json?: boolean;
}

/** `spotscribe local up|status|interrupt|down` */
export function registerLocal(program: Command, context: Context) {
  const local = program
    .command('local')
    .summary('run a local AWS, with the real stacks on an emulator')
    .description('Runs a local AWS, with the real stacks on an emulator.');
  const stateDir = () =>
    new Option('--state-dir <folder>', 'folder for the files of the local AWS').env('SPOTSCRIBE_LOCAL_STATE');
  const json = () => new Option('--json', 'print one JSON document');
  const upOptions = (command: Command) =>
    command
      .addOption(stateDir())
      .option('--port <port>', 'port of the emulator (default: a free port)', wholeNumber(1, 65535))
      .option('--path <id>', 'deployment path (default: DockerGpu)')
      .option(
        '--app <folder>',
        'folder of your own CDK app, with its cdk.json (default: this package)',
        absolute,
      )
      .option('--setting <name=value>', 'setting of the deployment; can be repeated', setting, {})
      .option('--diarize', 'install the diarizer (several GB, once), so that jobs can have speakers');

  upOptions(local.command('up'))
    .description('Starts the local AWS, deploys to it and leaves it running.')
    .addOption(json())
    .action(async (options: UpOptions) => show(await startLocal(options, context), options, context));
  upOptions(local.command('serve'))
    .description('Starts the local AWS, deploys to it and runs it in the foreground until Ctrl-C.')
    .action((options: UpOptions) => serve(options, context));
  local
    .command('status')
    .description('Shows the state, machines and containers of the local AWS.')
    .addOption(stateDir())
    .addOption(json())
    .action((options: UpOptions) => status(options, context));
  registerInterrupt(local, stateDir(), context);
  local
    .command('down')
    .description('Stops the local AWS and everything that it started.')
    .addOption(stateDir())
    .action((options: UpOptions) => endLocal(options, context));
}

const absolute = (folder: string) => resolve(folder);

function setting(text: string, earlier: Record<string, string>): Record<string, string> {
  const [name = '', ...value] = text.split('=');
  return { ...earlier, [name]: value.join('=') };
}

/** Runs the local AWS in this process until the process is interrupted. */
async function serve(options: UpOptions, { terminal, interruption }: Context): Promise<void> {
  const aws = await startLocalAws({
    stateDir: options.stateDir,
    port: options.port,
    path: options.path,
    app: options.app,
    settings: options.setting,
    speakers: options.diarize,
    onProgress: (text) => terminal.say(text),
  }).catch((error: unknown) => {
    throw new CliError('internal', (error as Error).message, undefined, { cause: error });
  });
  try {
    aws.rememberKey(await createLocalKey(aws));
    await new Promise((resolve) => {
      if (interruption.aborted) resolve(undefined);
      interruption.addEventListener('abort', resolve, { once: true });
      // A listener does not keep the process alive.
      const alive = setInterval(() => undefined, 60_000);
      interruption.addEventListener('abort', () => clearInterval(alive), { once: true });
    });
  } finally {
    terminal.say('Stopping');
    await aws.stop();
  }
}

/** Starts `local serve` as a separate process, and shows its progress until it is ready. */
export async function startLocal(
  options: UpOptions,
  { terminal, interruption }: Context,
): Promise<LocalState> {
  const refusal = options.diarize === true ? noSpeakers() : undefined;
  if (refusal !== undefined) throw new UsageError(refusal);
  const folder = stateDirectory(options.stateDir);
  const running = readLocalState(folder);
  if (running !== undefined && isAlive(running.owner)) {
    if (running.phase !== 'ready')
      throw new CliError(
        'internal',
        `The local AWS is already ${running.phase}. Wait, or stop it with "spotscribe local down"`,
      );
    if (options.path !== undefined && options.path !== running.settings.paths)
      throw new UsageError(
        `The local AWS is already running with the path ${running.settings.paths}, not ${options.path}. Stop it with "spotscribe local down", or start another one with --state-dir`,
      );
    if (options.diarize === true && !hasSpeakers())
      throw new UsageError(
        'The local AWS is already running without a diarizer. Stop it with "spotscribe local down", and start it with --diarize',
      );
    return running;
  }
  claim(folder);
  const log = join(folder, 'local.log');
  const output = openSync(log, 'w');
  const args = [join(__dirname, '..', '..', 'bin', 'spotscribe.js'), 'local', 'serve', '--state-dir', folder];
  if (options.path !== undefined) args.push('--path', options.path);
  if (options.app !== undefined) args.push('--app', options.app);
  if (options.port !== undefined) args.push('--port', String(options.port));
  if (options.diarize === true) args.push('--diarize');
  for (const [name, value] of Object.entries(options.setting)) args.push('--setting', `${name}=${value}`);
  const child = spawn(process.execPath, args, { detached: true, stdio: ['ignore', output, output] });
  closeSync(output);
  let exited = false;
  child.once('exit', () => (exited = true));
  child.unref();

  let shown = '';
  for (;;) {
    const state = readLocalState(folder);
    if (state !== undefined && state.owner.pid === child.pid && state.message !== shown) {
      shown = state.message;
      terminal.say(shown);
    }
    if (state?.owner.pid === child.pid && state?.phase === 'ready' && state.key !== undefined) return state;
    if (exited) throw new CliError('internal', `The local AWS did not start. See ${log}`);
    if (interruption.aborted) {
      process.kill(child.pid ?? 0, 'SIGTERM');
      throw interruption.reason;
    }
    await sleep(150);
  }
}

function claim(folder: string): void {
  try {
    claimStateDirectory(folder);
  } catch (error) {
    throw new UsageError((error as Error).message, { cause: error });
  }
}

function status(options: UpOptions, context: Context): void {
  show(runningLocal(options.stateDir), options, context);
}

/** Stops the local AWS of a state folder, and processes left by an earlier one. */
export async function endLocal(options: Pick<UpOptions, 'stateDir'>, { terminal }: Context): Promise<void> {
  const folder = stateDirectory(options.stateDir);
  const state = readLocalState(folder);
  if (state === undefined) {
    terminal.say('The local AWS is not running');
    return;
  }
  // Its machines need time to return their jobs to the queue.
  await endProcess(state.owner, 130);
  await endLeftovers(folder);
  terminal.say('Stopped');
}

function show(state: LocalState, { json }: UpOptions, { terminal }: Context): void {
  const { endpoint = '', outputs, settings, machines, phase, key } = state;
  if (json === true) return terminal.json({ phase, endpoint, outputs, settings, key, machines });
  const environment = Object.entries({
    ...clientEnvironment(endpoint),
    ...settingsEnvironment(settings),
  }).map(([name, value]) => `export ${name}='${value}'`);
  const lines = [
    `phase     ${phase}`,
    `endpoint  ${endpoint}`,
    `API       ${outputs[OUTPUT.apiUrl] ?? ''}`,
    `machines  ${machines.length}`,
    ...machines.flatMap(({ id, leaving, containers }) => [
      `  ${id}${leaving ? ', leaving' : ''}`,
      ...containers.map(({ name, running, pid, port, log }) => {
        const what = running ? `process ${pid}${port === undefined ? '' : `, port ${port}`}` : 'ended';
        return `    ${name.padEnd(8)} ${what}, ${log}`;
      }),
    ]),
    '',
    '# Environment variables for the CDK and other AWS clients:',
    ...environment,
  ];
  terminal.data(`${lines.join('\n')}\n`);
}
