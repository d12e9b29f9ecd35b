import { PORT } from '../../core/machine/container';
import { ENV } from '../../core/contract/environment';
import { STOP_SECONDS } from '../../core/contract/limits';
import type { GpuAccess, MachineProcess, MachineSpec } from '../../core/contract/machine-spec';
import type { ServiceEndpoint } from '../../core/contract/tasks';
import { modelsMark } from '../../core/models/models-mark';
import { modelsOf, type Service, type ServiceUse, tasksOf } from '../services/service';
import type { Settings } from '../settings';
import { type GpuShares, gpuShares } from './gpu-shares';
import { MACHINE_PATH } from './machine-paths';

/** Minimum of ECS. A process that ran for less time is not restarted. */
const RESTART_SECONDS = 60;

/** Memory that the processes of this package's worker reserve, in MiB. */
export const WORKER_MEMORY_MIB = { models: 256, worker: 512 } as const;

export interface MachineOptions {
  readonly services: readonly ServiceUse[];
  readonly settings: Settings;
  /** How services use the GPU. */
  readonly gpu: GpuAccess;
  /** URIs of the images, by the names of the services, and of the worker. */
  readonly images: Readonly<Record<string, string>>;
  /** Name of the bucket with the models. */
  readonly modelBucket: string;
  /** Variables of the worker: names of the path's resources, and limits. */
  readonly workerEnvironment: Readonly<Record<string, string>>;
  /** Port of the machine for the worker's public server. @default - no such server */
  readonly streamingPort?: number;
  /** Percentage of machines that keep their processes while an update replaces others. @default 0 */
  readonly minHealthyPercent?: number;
}

/**
 * Describes what runs on every machine of a path: a process that fetches the models, the services,
 * which cannot use AWS and import their packages meanwhile, and the worker, which knows no model. Only the values of images and
 * variables may be tokens.
 *
 * @throws SettingsError if the services do not fit on a shared GPU
 */
export function machineSpec(options: MachineOptions): MachineSpec {
  const { services, settings, gpu, images, minHealthyPercent = 0 } = options;
  const shares = gpu === 'shared' ? gpuShares(servicesOf(services), settings) : {};
  return {
    version: 1,
    images,
    processes: [
      modelFetch(options),
      ...services.map((use) => serviceProcess(use, options, shares)),
      worker(options),
    ],
    volumes: MACHINE_PATH,
    ...(minHealthyPercent > 0 && { min_healthy_percent: minHealthyPercent }),
  };
}

const servicesOf = (uses: readonly ServiceUse[]) => uses.map(({ service }) => service);

const MODELS_FETCHED = { process: 'models', until: 'succeeded' } as const;

/** Copies the models to the machine's disk and then exits. */
const modelFetch = ({ services, settings, modelBucket }: MachineOptions): MachineProcess => ({
  name: 'models',
  image: 'worker',
  exec: { kind: 'node', bundle: 'worker', args: ['fetch-models'] },
  mounts: [{ volume: 'models' }],
  environment: {
    [ENV.modelBucket]: modelBucket,
    // Without what is the default, so that the specification fits in a free parameter.
    [ENV.models]: JSON.stringify(
      modelsOf(servicesOf(services), settings).map(({ required, ...model }) =>
        required ? model : { ...model, required },
      ),
    ),
    [ENV.modelDir]: '${mount:models}',
  },
  aws: true,
  memory_mib: WORKER_MEMORY_MIB.models,
  essential: false,
});

/** A service can read the audio and the models but not change them. */
function serviceProcess(
  { service, memoryMib, essential = true, restart = false, hostPort }: ServiceUse,
  { services, settings, gpu }: MachineOptions,
  shares: GpuShares,
): MachineProcess {
  const { waitsForModels = false } = service;
  const isWaiting = waitsForModels && modelsOf([service], settings).length > 0;
  return {
    name: service.name,
    exec: service.exec,
    ports: [{ port: service.port, ...(hostPort !== undefined && { host: hostPort }) }],
    ...(!waitsForModels && { after: [MODELS_FETCHED] }),
    mounts: [
      { volume: 'scratch' },
      { volume: 'sharedAudio', read_only: true },
      { volume: 'models', read_only: true },
    ],
    environment: {
      ...service.environment?.(settings),
      ...(gpu === 'shared' && sharedGpuEnvironment(service, settings, shares)),
      [ENV.port]: '${port}',
      [ENV.modelDir]: '${mount:models}',
      ...(isWaiting && { [ENV.modelsMark]: modelsMark(modelsOf(servicesOf(services), settings)) }),
      [ENV.sharedAudio]: '${mount:sharedAudio}',
      TMPDIR: '${mount:scratch}',
    },
    ...(service.gpu?.need(settings) !== undefined && { gpu }),
    memory_mib: memoryMib ?? service.memoryMib,
    ...(!essential && { essential }),
    ...(restart && { restart_after_seconds: RESTART_SECONDS }),
  };
}

/** A lock file that all services can write, and the share of the service that takes the rest. */
function sharedGpuEnvironment({ name, gpu }: Service, settings: Settings, shares: GpuShares) {
  return {
    [ENV.gpuPriorityFile]: '${mount:scratch}/gpu-priority',
    ...gpu?.sharedEnvironment?.(settings),
    ...(gpu?.takesRest === true &&
      shares[name] !== undefined && { [ENV.gpuMemoryMib]: String(shares[name]) }),
  };
}

function worker({ services, workerEnvironment, streamingPort }: MachineOptions): MachineProcess {
  const endpoints = services.map((use): ServiceEndpoint => {
    const { name } = use.service;
    return { name, url: `\${url:${name}}`, tasks: [...tasksOf(use)] };
  });
  return {
    name: 'worker',
    exec: { kind: 'node', bundle: 'worker' },
    ports: [
      { port: PORT.worker },
      ...(streamingPort === undefined ? [] : [{ port: streamingPort, host: streamingPort }]),
    ],
    // Started, not healthy: the worker must start and report a model that never becomes healthy. It is
    // essential, so a failed fetch replaces all processes, also those that have started meanwhile.
    after: [MODELS_FETCHED, ...services.map(({ service }) => ({ process: service.name }))],
    mounts: [{ volume: 'sharedAudio' }, { volume: 'machine', read_only: true }],
    environment: {
      ...workerEnvironment,
      [ENV.services]: JSON.stringify(endpoints),
      [ENV.port]: '${port}',
      ...(streamingPort !== undefined && { [ENV.streamingPort]: `\${port:${streamingPort}}` }),
      [ENV.sharedAudio]: '${mount:sharedAudio}',
      [ENV.machineFile]: '${mount:machine}',
    },
    aws: true,
    memory_mib: WORKER_MEMORY_MIB.worker,
    stop_seconds: STOP_SECONDS + 5,
  };
}
