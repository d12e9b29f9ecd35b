import { basename } from 'node:path/posix';
import type { MachineSpec } from '../contract/machine-spec';
import { found } from './found';

/** The path of a volume on the machine. @throws Error if there is no such volume */
export const volumePath = ({ volumes }: Pick<MachineSpec, 'volumes'>, volume: string): string =>
  found(volumes[volume], 'volume', volume);

/**
 * Where a process sees a volume: it has the name of its folder or file, directly below the root of the process.
 *
 * @throws Error if there is no such volume
 */
export const mountPoint = (spec: Pick<MachineSpec, 'volumes'>, volume: string): string =>
  `/${basename(volumePath(spec, volume))}`;
