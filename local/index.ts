import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { OUTPUT } from '../core/contract/environment';
import { DEFAULT_TENANT } from '../core/contract/keys';
import { SSMClient } from '@aws-sdk/client-ssm';
import { BalancedService } from './balancer/balanced-service';
import { Programs } from './machine/commands';
import { readDeployedMachine } from './machine/deployed-machine';
import { deployPath } from './deploy';
import { clientConfiguration, clientEnvironment, startEmulator } from './emulator';
import { LocalFleet } from './fleet';
import { installSpeakers, pythonEnvironment, workerBundle } from './installation';
import { freePort } from './ports';
import { endProcess, isAlive, type ManagedProcess, startTime } from './processes';
import {
  claimStateDirectory,
  type LocalMachine,
  type LocalState,
  machinesFolder,
  readLocalState,
  removeLocalState,
  stateDirectory,
  writeLocalState,
} from './state';

export { cdk, stackOutputs } from './deploy';
export { type LocalMachine, type LocalState, readLocalState, stateDirectory } from './state';

/** Settings for laptops: engines without a GPU, and no data that outlives the stack. */
const LAPTOP_SETTINGS = {
  engine: 'faster-whisper',
  voxtralEngine: 'extractive',
  embeddingEngine: 'minilm',
  speechEngine: 'espeak-ng',
  onDestroy: 'delete',
  idleMinutes: '1',
  // Shows how the first job starts a machine.
  warmMachines: '0',
  warmByApi: DEFAULT_TENANT,
};

export interface LocalAwsOptions {
  /** Folder for state and logs. @default '.spotscribe/local' */
  stateDir?: string;
  /** Port of the emulator. @default - a free one */
  port?: number;
  /** Deployment path. @default 'DockerGpu' */
  path?: string;
  /** Folder of the CDK app, with its cdk.json. @default - this package */
  app?: string;
  /** Settings that override those for laptops. */
  settings?: Record<string, string>;
  /** Whether the whisper service gets a diarizer. @default - if it was installed by an earlier start */
  speakers?: boolean;
  /** Whether machines run. If not, only the desired capacity changes. @default true */
  machines?: boolean;
  /** Aborts the start. @default - never */
  signal?: AbortSignal;
  onProgress?: (text: string) => void;
}

export interface LocalAws {
  endpoint: string;
  /** Environment for clients: endpoint, region and credentials. */
  env: Record<string, string>;
  outputs: Record<string, string>;
  machines(): LocalMachine[];
  /** Stores an API key in the state, where the command line finds it. */
  rememberKey(key: string): void;
  /** Stops everything that was started. */
  stop(): Promise<void>;
}

/**
 * Starts a local AWS and deploys a path to it: an emulator, the real `cdk bootstrap` and `cdk
 * deploy`, and a fleet that runs the deployed containers as processes.
 *
 * @throws if a local AWS runs in the same folder, or the start fails; everything is stopped then
 */
export async function startLocalAws(options: LocalAwsOptions = {}): Promise<LocalAws> {
  const { path = 'DockerGpu', app, onProgress = () => undefined, signal } = options;
  const folder = stateDirectory(options.stateDir);
  claimStateDirectory(folder);
  await endLeftovers(folder);
  for (const old of ['machines', 'cdk.out', 'cdk.log', 'emulator.log'])
    rmSync(join(folder, old), { recursive: true, force: true });

  const settings = { ...LAPTOP_SETTINGS, paths: path, ...options.settings };
  const state: LocalState = {
    owner: { name: 'owner', pid: process.pid, startedAt: startTime(process.pid) ?? '' },
    phase: 'starting',
    message: '',
    outputs: {},
    settings,
    processes: [],
    machines: [],
  };
  let emulator: ManagedProcess | undefined;
  let fleet: LocalFleet | undefined;
  let balanced: BalancedService | undefined;
  const save = () => {
    state.processes = [...(emulator ? [emulator.started] : []), ...(fleet?.processes() ?? [])];
    state.machines = fleet?.machines() ?? [];
    writeLocalState(folder, state);
  };
  const progress = (message: string) => {
    state.message = message;
    save();
    onProgress(message);
  };
  const stop = async () => {
    state.phase = 'stopping';
    save();
    await fleet?.stop();
    await balanced?.stop();
    await emulator?.stop(5);
    removeLocalState(folder);
  };

  try {
    progress('preparing environments');
    const [emulatorPython, bundle] = await Promise.all([
      pythonEnvironment('emulator', 'local/emulator/requirements.txt', progress),
      workerBundle(folder),
    ]);
    if (options.speakers === true) await installSpeakers(progress);
    progress('starting the emulator');
    const port = await freePort(options.port);
    emulator = await startEmulator(emulatorPython, port, folder);
    // An IP address: with a host name, S3 clients prepend the bucket’s name and resolve the result.
    const endpoint = `http://127.0.0.1:${port}`;
    state.endpoint = endpoint;
    const outputs = await deployPath(
      { endpoint, stateDir: folder, app, settings, onProgress: progress, signal },
      path,
    );
    state.outputs = outputs;
    if (options.machines !== false) {
      const deployed = await readDeployedMachine(
        new SSMClient(clientConfiguration(endpoint)),
        outputs[OUTPUT.machine] ?? '',
      );
      if (deployed === undefined) throw new Error(`The path ${path} has no machines`);
      const programs = new Programs({ workerBundle: bundle, app, onProgress: progress });
      await programs.prepare(deployed.spec);
      balanced = await BalancedService.start(endpoint, deployed.spec.registrations);
      fleet = new LocalFleet({
        endpoint,
        outputs,
        folder: machinesFolder(folder),
        commandOf: (exec) => programs.commandOf(exec),
        balanced,
        onChange: save,
      });
      fleet.start();
    }
    state.phase = 'ready';
    progress('ready');
    const running = fleet;
    return {
      endpoint,
      env: clientEnvironment(endpoint),
      outputs,
      machines: () => running?.machines() ?? [],
      rememberKey: (key) => {
        state.key = key;
        save();
      },
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/**
 * Stops processes of an earlier local AWS that was killed.
 *
 * @throws if the earlier one still runs, because two cannot share a folder
 */
export async function endLeftovers(folder: string): Promise<void> {
  const state = readLocalState(folder);
  if (state === undefined) return;
  if (isAlive(state.owner) && state.owner.pid !== process.pid) {
    throw new Error(
      `A local AWS is already running (process ${state.owner.pid}). Stop it with: spotscribe local down`,
    );
  }
  await Promise.all(state.processes.map((each) => endProcess(each, 5)));
  removeLocalState(folder);
}
