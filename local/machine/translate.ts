import type { ContainerDefinition, TaskDefinition } from '@aws-sdk/client-ecs';

/** What a container runtime would provide, as it is on this machine. */
export interface Host {
  /** Folder of this host path: `/mnt/nvme/models` of the task is a folder of the machine's own here. */
  folder: (hostPath: string) => string;
  /** The port of this machine on which a container's server listens. */
  port: (container: string, containerPort: number) => number;
  /** What the task's role would give: credentials, and the address of AWS. */
  aws: Record<string, string>;
}

/**
 * The environment of a container's process: exactly what the task definition says, with four translations for what a
 * container runtime provides and a process lacks.
 *
 * 1. A path at or below a mount point becomes the folder that is mounted there.
 * 2. A port of the container's own becomes the free port that stands for it.
 * 3. An address `http://<linked container>:<port>` becomes that container's port on 127.0.0.1.
 * 4. The credentials of the task's role, and the address of AWS, are added.
 */
export function processEnvironment(
  task: TaskDefinition,
  container: ContainerDefinition,
  host: Host,
): Record<string, string> {
  const name = container.name ?? '';
  const own = (container.portMappings ?? []).map(({ containerPort }) => containerPort);
  const variables = (container.environment ?? []).map(
    ({ name: variable = '', value = '' }): [string, string] => {
      if (/^(.+_)?PORT$/.test(variable) && own.includes(Number(value)))
        return [variable, String(host.port(name, Number(value)))];
      const translated =
        linkedAddress(container, value, host) ?? mountedPath(task, container, value, host) ?? value;
      return [variable, translated];
    },
  );
  return { ...Object.fromEntries(variables), HOST: '127.0.0.1', ...host.aws };
}

function linkedAddress({ links = [] }: ContainerDefinition, value: string, host: Host): string | undefined {
  const match = /^http:\/\/([^:/]+):(\d+)(.*)$/.exec(value);
  if (match === null) return undefined;
  const [, alias, port, rest] = match;
  const container = links
    .map((link) => link.split(':'))
    .find(([linked, name = linked]) => name === alias)?.[0];
  return container === undefined
    ? undefined
    : `http://127.0.0.1:${host.port(container, Number(port))}${rest}`;
}

function mountedPath(
  task: TaskDefinition,
  container: ContainerDefinition,
  value: string,
  host: Host,
): string | undefined {
  for (const { containerPath, sourceVolume } of container.mountPoints ?? []) {
    if (containerPath === undefined || (value !== containerPath && !value.startsWith(`${containerPath}/`)))
      continue;
    const source = task.volumes?.find(({ name }) => name === sourceVolume)?.host?.sourcePath;
    if (source !== undefined) return host.folder(source) + value.slice(containerPath.length);
  }
  return undefined;
}
