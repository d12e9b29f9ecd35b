import { ENV } from '../../contract/environment';
import type { MachineSpec } from '../../contract/machine-spec';
import { found } from '../found';
import { HARDENED } from './hardening';
import { BOOT_IDENTIFIER, JOURNAL_USER, userOf } from './names';
import type { Host } from './process-unit';
import { commandWord, environmentLines, unitFile } from './unit-file';

/** Folder of the libraries in the file system of the worker's image. */
const LIBRARIES = 'usr/lib/x86_64-linux-gnu';

/**
 * The unit that sends the journal of all processes and of the boot script to CloudWatch. It reads the journal with the
 * machine's own `journalctl`, so it runs in the file system of the machine, with the worker's Node.js and its libraries.
 */
export function journalUnit({ processes }: MachineSpec, host: Host): string {
  const { root } = found(host.images.worker, 'image', 'worker');
  const libraries = `${root}/${LIBRARIES}`;
  const variables = {
    AWS_REGION: host.region,
    [ENV.logGroup]: host.logGroup,
    [ENV.instanceId]: host.instanceId,
    [ENV.journalIdentifiers]: [BOOT_IDENTIFIER, ...processes.map(({ name }) => userOf(name))].join(','),
  };
  const command = [
    ...[`${libraries}/ld-linux-x86-64.so.2`, '--library-path', libraries],
    ...[`${root}/usr/local/bin/node`, `${root}/opt/spotscribe/worker.cjs`, 'forward-journal'],
  ];
  return unitFile(
    [
      'Unit',
      [
        ['Description', 'Spotscribe: sends the journal to CloudWatch'],
        ['After', 'network.target nss-lookup.target'],
      ],
    ],
    [
      'Service',
      [
        ['Type', 'exec'],
        ['Restart', 'always'],
        ['RestartSec', '5'],
        ['User', JOURNAL_USER],
        ['SupplementaryGroups', 'systemd-journal'],
        ['StateDirectory', JOURNAL_USER],
        ['ExecStart', command.map(commandWord).join(' ')],
        ...environmentLines(variables),
        // Its own messages would be sent as well, and make new ones.
        ['SyslogIdentifier', JOURNAL_USER],
        ['MemoryMax', '256M'],
        ...HARDENED,
      ],
    ],
  );
}
