import type { MachineProcess, MachineSpec } from '../../core/contract/machine-spec';
import { expand } from '../../core/machine/placeholders';

/** What stands for the parts of a machine here. */
export interface Host {
  /** Local path of a path on the machine, such as `/mnt/nvme/models`. */
  path: (machinePath: string) => string;
  /** Local port of a process's port; without a port, of its first one. */
  port: (process: string, port?: number) => number;
  /** Variables that replace the role: credentials, and the endpoint of AWS. */
  aws: Record<string, string>;
}

/**
 * The environment of a local process: its variables with local ports and paths, the host to listen
 * on, and credentials and the endpoint of AWS.
 *
 * @throws if a variable names a process or a volume that the machine does not have
 */
export function processEnvironment(
  { volumes }: MachineSpec,
  { name, environment = {} }: MachineProcess,
  host: Host,
): Record<string, string> {
  const placeholders = {
    url: (process: string) => `http://127.0.0.1:${host.port(process)}`,
    mount: (volume: string) => {
      const path = volumes[volume];
      if (path === undefined) throw new Error(`The machine has no volume "${volume}"`);
      return host.path(path);
    },
    port: (port?: number) => String(host.port(name, port)),
  };
  const variables = Object.entries(environment).map(([key, value]) => [key, expand(value, placeholders)]);
  return { ...(Object.fromEntries(variables) as Record<string, string>), HOST: '127.0.0.1', ...host.aws };
}
