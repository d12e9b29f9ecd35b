import type { MachineProcess, MachineSpec } from '../../contract/machine-spec';
import { firewall } from './firewall';
import { journalUnit } from './journal-unit';
import { GROUP, JOURNAL_UNIT, JOURNAL_USER, SLICE, TARGET, unitOf, userOf } from './names';
import { type Host, processUnits, staysUp, SYSTEM_MIB } from './process-unit';
import { unitFile } from './unit-file';
import { Volumes } from './volumes';

/** What is installed on a machine. All of it may be installed again after a change. */
export interface MachineFiles {
  /** For a folder of systemd's units, by file name. */
  readonly units: Readonly<Record<string, string>>;
  /** Users, for systemd-sysusers. */
  readonly users: string;
  /** Folders with their owners, for systemd-tmpfiles. */
  readonly folders: string;
  /** Rules for nft. */
  readonly firewall: string;
}

/**
 * The processes of a machine as units of systemd. Each has a user of its own and the file system of its image, and sees
 * only that and the volumes that it mounts.
 *
 * @throws Error if the specification needs what systemd cannot do, which is a shared GPU
 */
export const machineFiles = (spec: MachineSpec, host: Host): MachineFiles => ({
  units: {
    [TARGET]: target(spec),
    [SLICE]: slice(host),
    ...processUnits(spec, host),
    [JOURNAL_UNIT]: journalUnit(spec, host),
  },
  users: users(spec),
  folders: new Volumes(spec).folders(),
  firewall: firewall(spec),
});

const target = ({ processes }: MachineSpec): string =>
  unitFile(
    [
      'Unit',
      [
        ['Description', 'Spotscribe'],
        ['Wants', units(processes.filter((process) => !staysUp(process)))],
        // Unlike Restart=, this also starts a unit again whose start failed because of another one.
        ['Upholds', units(processes.filter(staysUp))],
      ],
    ],
    ['Install', [['WantedBy', 'multi-user.target']]],
  );

const units = (processes: MachineProcess[]): string => processes.map(({ name }) => unitOf(name)).join(' ');

const slice = ({ memoryMib }: Host): string =>
  unitFile(['Slice', [['MemoryMax', `${Math.max(memoryMib - SYSTEM_MIB, SYSTEM_MIB)}M`]]]);

function users({ processes }: MachineSpec): string {
  const each = processes.flatMap(({ name }) => [
    `u ${userOf(name)} - "Spotscribe ${name}"`,
    `m ${userOf(name)} ${GROUP}`,
  ]);
  return [`g ${GROUP} -`, ...each, `u ${JOURNAL_USER} - "Spotscribe journal"`, ''].join('\n');
}
