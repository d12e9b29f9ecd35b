import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ManagedProcess } from '../../local/processes';
import { execute } from './execute';

/**
 * A network of its own for a machine, with the address of EC2's metadata service. Connections to one
 * port of it end at the same port of this machine.
 */
export class MachineNetwork {
  static async create(name: string, port: number, folder: string): Promise<MachineNetwork> {
    await execute('ip', 'netns', 'add', name);
    const network = new MachineNetwork(name);
    for (const words of [
      ['link', 'set', 'lo', 'up'],
      ['addr', 'add', '169.254.169.254/32', 'dev', 'lo'],
    ])
      await execute('ip', '-n', name, ...words);
    // A socket's file is seen from both networks.
    const socket = join(folder, 'aws.sock');
    network.relay('outside', folder, [`UNIX-LISTEN:${socket},fork`, `TCP:127.0.0.1:${port}`]);
    network.relay(
      'inside',
      folder,
      [`TCP-LISTEN:${port},bind=127.0.0.1,fork,reuseaddr`, `UNIX-CONNECT:${socket}`],
      ['ip', 'netns', 'exec', name],
    );
    await sleep(300);
    return network;
  }

  private readonly relays: ManagedProcess[] = [];

  private constructor(readonly name: string) {}

  get path(): string {
    return `/run/netns/${this.name}`;
  }

  async remove(): Promise<void> {
    for (const relay of this.relays) await relay.stop(2);
    await execute('ip', 'netns', 'del', this.name);
  }

  private relay(name: string, folder: string, ends: string[], prefix: string[] = []) {
    const [file = '', ...args] = [...prefix, 'socat', ...ends];
    const { PATH = '' } = process.env;
    this.relays.push(
      new ManagedProcess({ name, file, args, env: { PATH }, cwd: folder, log: join(folder, `${name}.log`) }),
    );
  }
}
