import type { ContainerDefinition, TaskDefinition } from '@aws-sdk/client-ecs';

/** Local replacement for the features of a container runtime. */
export interface Host {
  /** Local folder of a host path such as `/mnt/nvme/models`. */
  folder: (hostPath: string) => string;
  /** Local port on which a container's server listens. */
  port: (container: string, containerPort: number) => number;
  /** Variables that replace the task role: credentials, and the endpoint of AWS. */
  aws: Record<string, string>;
}

/**
 * The environment of a container's process: the variables of the task definition, with four
 * translations that replace a container runtime.
 *
 * 1. A path at or below a mount point becomes the mounted folder.
 * 2. A port of the container becomes its free local port.
 * 3. A URL `http://<linked container>:<port>` becomes the local port of that container on 127.0.0.1.
 * 4. Credentials and the endpoint of AWS are added.
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
  const translated = value.replace(/http:\/\/([^:/"]+):(\d+)/g, (url, alias: string, port: string) => {
    const container = links
      .map((link) => link.split(':'))
      .find(([linked, name = linked]) => name === alias)?.[0];
    return container === undefined ? url : `http://127.0.0.1:${host.port(container, Number(port))}`;
  });
  return translated === value ? undefined : translated;
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
