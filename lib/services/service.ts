import type { ProcessExec } from '../../core/contract/machine-spec';
import type { TaskName } from '../../core/contract/names';
import type { CustomTask, DeployedTasks, SpokenAbilities } from '../../core/contract/tasks';
import type { WantedModel } from '../../core/models/model-layout';
import type { Requirements, ServiceFamilies } from '../images/families';
import type { Part } from '../machine/gpu-memory';
import type { Settings } from '../settings';
import type { ServiceName } from './names';

/** GPU memory of a service with the current settings. */
export interface GpuNeed {
  /** The model, for messages. */
  readonly model: string;
  /** Memory that the model needs, in MiB. @default - unknown */
  readonly mib?: number;
  /** What makes up the need. @default - not listed */
  readonly parts?: readonly Part[];
  /** Share that a setting gives the service, in MiB. @default - what the model needs */
  readonly shareMib?: number;
  /** Settings that messages name. @default - none */
  readonly settings?: {
    /** The setting of the share. */
    readonly share: string;
    /** The setting of the model, and the models whose need is known. */
    readonly model: string;
    readonly known: readonly string[];
    /** How to need less, such as `a smaller "model"`. */
    readonly less: string;
  };
}

/** How a service uses a GPU. */
export interface ServiceGpu {
  /** Returns undefined if the chosen engine needs no GPU. */
  readonly need: (settings: Settings) => GpuNeed | undefined;
  /**
   * Whether the service gets what the others leave of a shared GPU, because it benefits from more
   * memory. It reads its share from `GPU_MEMORY_MIB`.
   *
   * @default false
   */
  readonly takesRest?: boolean;
  /** Settings that `docs/gpu-memory.md` compares, with a name for each. @default - none */
  readonly compared?: Readonly<Record<string, Partial<Settings>>>;
  /** Variables that differ on a shared GPU. @default - none */
  readonly sharedEnvironment?: (settings: Settings) => Record<string, string>;
}

/** Engines of a service. The setting that chooses one belongs to the service. */
export interface ServiceEngines {
  readonly chosen: (settings: Settings) => string;
  /** Package sets of engines. @default 'production' for an engine that is not named */
  readonly requirements: Readonly<Record<string, Requirements>>;
}

/** Where a service's image comes from. */
export type ServiceOrigin =
  /** Built from this package's folder `docker`, or taken from the source in the setting `images`. */
  | { readonly kind: 'package'; readonly name: ServiceName; readonly families: ServiceFamilies }
  /** URI with registry, and tag or digest. The task may pull it from ECR; other registries must be public. */
  | { readonly kind: 'registry'; readonly uri: string }
  /** Folder with a Dockerfile, relative to the app's folder. This machine's Docker builds it. */
  | { readonly kind: 'folder'; readonly folder: string };

/** A service of this package. */
export type PackageService = Service<Extract<ServiceOrigin, { kind: 'package' }>>;

/** Starts a Python program without its image. */
export type PythonExec = Extract<ProcessExec, { kind: 'python' }>;

/** A server that does tasks with a model. It has no AWS credentials. */
export interface Service<Origin extends ServiceOrigin = ServiceOrigin> {
  /** Name of its process, and its host name for the worker: letters, digits and hyphens. */
  readonly name: string;
  /** TCP port of its server. */
  readonly port: number;
  /** Tasks that it can do. */
  readonly tasks: readonly TaskName[];
  /** What its engine is able to do in a transcription. @default - everything */
  readonly transcribes?: (settings: Settings) => SpokenAbilities;
  /** Describes the task `custom`. @default - it does no such task */
  readonly customTask?: CustomTask;
  /** @default - a single one, not for laptops */
  readonly engines?: ServiceEngines;
  /** Models that the machine fetches. @default - none */
  readonly models?: (settings: Settings) => WantedModel[];
  /**
   * Whether the service starts while the machine fetches the models, and waits itself for the file
   * that `MODELS_MARK` names before it loads them.
   *
   * @default false; it starts when all models are there
   */
  readonly waitsForModels?: boolean;
  /** Variables of its process. @default - none */
  readonly environment?: (settings: Settings) => Record<string, string>;
  /** Memory that it reserves, in MiB. */
  readonly memoryMib: number;
  /** @default - no GPU */
  readonly gpu?: ServiceGpu;
  readonly image: Origin;
  readonly exec: PythonExec;
}

/** A service on the machines of a path. */
export interface ServiceUse {
  readonly service: Service;
  /** Those of its tasks that the path uses. @default - all */
  readonly tasks?: readonly TaskName[];
  /** Memory that it reserves, in MiB. @default - the service's */
  readonly memoryMib?: number;
  /** Whether all processes of a machine are replaced when the service ends. @default true */
  readonly essential?: boolean;
  /** Whether the service restarts alone if it ran for a minute or more. @default false */
  readonly restart?: boolean;
  /** Port of the machine for a load balancer. @default - the machine chooses one */
  readonly hostPort?: number;
}

/** The tasks of a service that a path uses. */
export const tasksOf = ({ service, tasks = service.tasks }: ServiceUse): readonly TaskName[] => tasks;

/** The tasks that services do on a path, as the handlers read them. */
export const deployedTasks = (services: readonly ServiceUse[], settings: Settings): DeployedTasks =>
  Object.fromEntries(
    services.flatMap((use) => tasksOf(use).map((name) => [name, describedTask(name, use.service, settings)])),
  );

function describedTask(name: TaskName, { customTask, transcribes }: Service, settings: Settings) {
  if (name === 'custom') return customTask;
  return name === 'transcription' ? (transcribes?.(settings) ?? {}) : {};
}

/** The models of services with the chosen engines. */
export const modelsOf = (services: readonly Service[], settings: Settings): WantedModel[] =>
  services.flatMap(({ models }) => models?.(settings) ?? []);

/** The package set of a service with the chosen engine. */
export const requirementsOf = ({ engines }: Service, settings: Settings): Requirements =>
  engines?.requirements[engines.chosen(settings)] ?? 'production';
