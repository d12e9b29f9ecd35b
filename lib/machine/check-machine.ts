import { TASK_NAMES } from '../../core/contract/names';
import { CustomTask } from '../../core/contract/tasks';
import { PORT } from '../../core/machine/container';
import { optionsFault } from '../../core/tasks/custom-options';
import type { GpuAccess } from '../../core/contract/machine-spec';
import { type ServiceUse, tasksOf } from '../services/service';
import { type Settings, SettingsError } from '../settings';
import { gpuShares, smallestOf, typesWith, usersOf } from './gpu-shares';
import { WORKER_MEMORY_MIB } from './machine-spec';

/** Memory of machine types in GiB, by size. Source: EC2's instance types, "Accelerated computing". */
const SIZES: Readonly<Record<string, number>> = {
  xlarge: 16,
  '2xlarge': 32,
  '4xlarge': 64,
  '8xlarge': 128,
  '12xlarge': 192,
  '16xlarge': 256,
};
const MEMORY_GIB: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  g4dn: { ...SIZES, metal: 384 },
  g5: { ...SIZES, '24xlarge': 384, '48xlarge': 768 },
  g6: { ...SIZES, '24xlarge': 384, '48xlarge': 768 },
};

/** Part of the memory that ECS finds: 15.4 of 16 GiB on a g4dn.xlarge. */
const FOUND = 15.4 / 16;

/** Names of the processes that every machine has. */
const OWN_NAMES = ['models', 'worker'];

const NAME = /^[a-z][a-z0-9-]*$/;

const MAX_PORT = 65_535;

export interface CheckedMachine {
  /** The path's id, for messages. */
  readonly path: string;
  readonly services: readonly ServiceUse[];
  readonly settings: Settings;
  readonly gpu: GpuAccess;
}

/**
 * Checks the services of a path before anything is created.
 *
 * @throws SettingsError that names the first fault: names, ports, tasks, memory or GPU memory
 */
export function checkMachine(machine: CheckedMachine): void {
  checkNames(machine);
  checkPorts(machine);
  checkTasks(machine);
  checkMemory(machine);
  checkGpu(machine);
}

function checkNames({ path, services }: CheckedMachine) {
  const names = services.map(({ service }) => service.name);
  for (const name of names) {
    if (!NAME.test(name))
      throw new SettingsError(
        `A service of path "${path}" must have a name of lower-case letters, digits and hyphens; got "${name}". Rename it.`,
      );
    const taken = [...OWN_NAMES, ...names].filter((each) => each === name).length > 1;
    if (taken)
      throw new SettingsError(
        `The processes of path "${path}" must have different names; got "${name}" twice (${OWN_NAMES.join(' and ')} are ` +
          'taken). Rename the service.',
      );
  }
}

function checkPorts({ path, services }: CheckedMachine) {
  const ports = new Map<number, string>([
    [PORT.worker, 'worker'],
    [PORT.streaming, 'worker'],
  ]);
  for (const { service } of services) {
    const { name, port } = service;
    if (!Number.isInteger(port) || port < 1 || port > MAX_PORT)
      throw new SettingsError(
        `The port of the service "${name}" must be an integer from 1 to ${MAX_PORT}; got ${port}. Correct it.`,
      );
    const other = ports.get(port);
    if (other !== undefined)
      throw new SettingsError(
        `The processes of path "${path}" must have different ports; got ${port} for "${other}" and "${name}". Change one of them.`,
      );
    ports.set(port, name);
  }
}

function checkTasks({ path, services }: CheckedMachine) {
  if (services.length === 0)
    throw new SettingsError(`Path "${path}" must have a service; got none. Add one to its "info.services".`);
  const doers = new Map<string, string>();
  for (const use of services) {
    const { name, tasks, customTask } = use.service;
    const unknown = tasks.find((task) => !TASK_NAMES.includes(task));
    if (unknown !== undefined)
      throw new SettingsError(
        `The tasks of the service "${name}" must be some of ${TASK_NAMES.join(', ')}; got "${String(unknown)}". Correct it, or ` +
          'describe your own task as "custom".',
      );
    if (tasksOf(use).length === 0)
      throw new SettingsError(
        `The service "${name}" of path "${path}" must have a task; got none. Set "tasks", or remove the service.`,
      );
    for (const task of tasksOf(use)) {
      const other = doers.get(task);
      if (!tasks.includes(task))
        throw new SettingsError(
          `The task "${task}" of path "${path}" must be one of those that the service "${name}" does (${tasks.join(', ')}). ` +
            'Choose another service, or remove the task.',
        );
      if (other !== undefined)
        throw new SettingsError(
          `The task "${task}" of path "${path}" must have one service; got "${other}" and "${name}". ` +
            'Set "tasks" of one of them to its other tasks.',
        );
      doers.set(task, name);
    }
    if (tasks.includes('custom') !== (customTask !== undefined))
      throw new SettingsError(
        `The service "${name}" must have both the task "custom" and its description "customTask"; got one of them. Add the other.`,
      );
    if (customTask !== undefined) checkDescription(name, customTask);
  }
}

function checkDescription(service: string, task: CustomTask) {
  const parsed = CustomTask.safeParse(task);
  const [issue] = parsed.error?.issues ?? [];
  if (issue !== undefined) {
    const value = issue.path.reduce<unknown>((at, key) => (at as Record<PropertyKey, unknown>)?.[key], task);
    throw new SettingsError(
      `"customTask.${issue.path.join('.')}" of the service "${service}" must be as CustomTask describes it (${issue.message}); ` +
        `got ${JSON.stringify(value)}. Correct it in the service.`,
    );
  }
  try {
    const { type = 'object' } = task.options;
    if (type !== 'object') throw new Error('its "type" is another one');
    optionsFault(task.options, {});
  } catch (error) {
    throw new SettingsError(
      `"customTask.options" of the service "${service}" must be a JSON schema of an object: ${(error as Error).message.split('\n')[0]}; ` +
        `got ${JSON.stringify(task.options).slice(0, 100)}. Correct it in the service.`,
    );
  }
}

function checkMemory({ path, services, settings }: CheckedMachine) {
  const reserved: [string, number][] = [
    ...services.map(({ service, memoryMib }): [string, number] => [
      service.name,
      memoryMib ?? service.memoryMib,
    ]),
    ...Object.entries(WORKER_MEMORY_MIB),
  ];
  for (const [name, mebibytes] of reserved)
    if (!Number.isInteger(mebibytes) || mebibytes < 1)
      throw new SettingsError(
        `The memory of the process "${name}" on path "${path}" must be a positive integer of MiB; got ${mebibytes}. ` +
          'Correct "memoryMib".',
      );
  const sum = reserved.reduce((total, [, mebibytes]) => total + mebibytes, 0);
  for (const type of settings.instanceTypes) {
    const gibibytes = memoryOf(type);
    if (gibibytes === undefined) continue;
    const most = Math.floor(gibibytes * FOUND * 1024);
    if (sum > most)
      throw new SettingsError(
        `The processes of path "${path}" must reserve at most ${most} MiB, which ECS finds on a ${type}; got ` +
          `${reserved.map(([name, mebibytes]) => `${name} ${mebibytes}`).join(' + ')} = ${sum}. Remove ${type} from ` +
          '"instanceTypes", or lower "memoryMib" of a service.',
      );
  }
}

/** Memory of a machine type in GiB; undefined for an unknown type. */
function memoryOf(type: string): number | undefined {
  const [family = '', size = ''] = type.split('.');
  return MEMORY_GIB[family]?.[size];
}

function checkGpu({ path, services, settings, gpu }: CheckedMachine) {
  const all = services.map(({ service }) => service);
  if (gpu === 'shared') {
    gpuShares(all, settings);
    return;
  }
  const users = usersOf(all, settings);
  if (users.length > 1)
    throw new SettingsError(
      `Path "${path}" must have one service that needs the GPU, or share it; got ` +
        `${users.map(({ name }) => `"${name}"`).join(' and ')}. Set the trait "gpu" to "shared".`,
    );
  const [user] = users;
  const smallest = smallestOf(settings.instanceTypes);
  const mebibytes = user?.need.mib ?? 0;
  if (user !== undefined && smallest !== undefined && mebibytes > smallest.mebibytes)
    throw new SettingsError(
      `The GPU memory of the service "${user.name}" must be at most ${smallest.mebibytes} MiB, the memory of the smallest GPU, ` +
        `${smallest.name} (${typesWith(smallest, settings)}); got ${mebibytes}, which ${user.need.model} needs. Choose ` +
        `${user.need.settings === undefined ? 'a smaller model' : user.need.settings.less}, or "instanceTypes" with larger GPUs.`,
    );
}
