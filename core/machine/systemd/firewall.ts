import type { MachineSpec } from '../../contract/machine-spec';
import { JOURNAL_USER, userOf } from './names';

/** Addresses of EC2's metadata service, which returns the machine's credentials. */
const METADATA = ['ip daddr 169.254.169.254', 'ip6 daddr fd00:ec2::254'];

/**
 * Rules for nft. Processes that call AWS reach the network and the metadata service; the others only this machine. The
 * metadata service also answers root, who sets the machine up, and the user that sends the journal.
 */
export function firewall({ processes }: MachineSpec): string {
  const users = (aws: boolean) =>
    processes.filter((process) => (process.aws ?? false) === aws).map(({ name }) => `"${userOf(name)}"`);
  const allowed = `{ ${['0', ...users(true), `"${JOURNAL_USER}"`].join(', ')} }`;
  const confined = users(false);
  return [
    '# Loading the file again replaces the table.',
    'table inet spotscribe',
    'delete table inet spotscribe',
    'table inet spotscribe {',
    '  chain output {',
    '    type filter hook output priority 0; policy accept;',
    ...METADATA.map((address) => `    ${address} meta skuid != ${allowed} reject`),
    ...(confined.length === 0 ? [] : [`    oifname != "lo" meta skuid { ${confined.join(', ')} } reject`]),
    '  }',
    '}',
    '',
  ].join('\n');
}
