import type { MachineProcess, MachineSpec } from '../../contract/machine-spec';
import { mountPoint, volumePath } from '../mount-point';
import { GROUP, userOf } from './names';
import type { Setting } from './unit-file';

/**
 * The folders of a machine's volumes. A volume that one process writes belongs to it, and the others may read it. Each
 * of several processes that write a volume gets a folder of its own.
 */
export class Volumes {
  constructor(private readonly spec: MachineSpec) {}

  /** The folders with their owners, for systemd-tmpfiles. */
  folders(): string {
    const lines = Object.keys(this.spec.volumes).flatMap((volume) => {
      const path = volumePath(this.spec, volume);
      const [only, ...others] = this.writersOf(volume);
      if (only === undefined) return [];
      if (others.length === 0) return [`d ${path} 2750 ${userOf(only)} ${GROUP}`];
      const own = [only, ...others].map((name) => `d ${path}/${name} 0700 ${userOf(name)} ${GROUP}`);
      return [`d ${path} 0755 root root`, ...own];
    });
    return [...lines, ''].join('\n');
  }

  /** What a process sees of them. */
  mounts({ name, mounts = [] }: MachineProcess): Setting[] {
    return mounts.flatMap(({ volume, read_only: readOnly = false }): Setting[] => {
      const path = volumePath(this.spec, volume);
      const inside = mountPoint(this.spec, volume);
      if (readOnly) return [['BindReadOnlyPaths', `${path}:${inside}`]];
      const own = this.writersOf(volume).length > 1 ? `${path}/${name}` : path;
      return [
        ['BindPaths', `${own}:${inside}`],
        ['ReadWritePaths', inside],
      ];
    });
  }

  private writersOf(volume: string): string[] {
    return this.spec.processes
      .filter(({ mounts = [] }) => mounts.some((each) => each.volume === volume && each.read_only !== true))
      .map(({ name }) => name);
  }
}
