import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { ManagedProcess } from '../../local/processes';
import { root, until } from '../e2e/laptop';
import { execute } from './execute';
import { MachineNetwork } from './network';

/** Made by `scripts/test-boot.sh`. */
const PREPARED = join(root, '.spotscribe/boot');
const DISK_BYTES = 8 * 2 ** 30;

export interface MachineProps {
  /** Port of the laptop's AWS on 127.0.0.1. */
  port: number;
  /** Script of the launch template. */
  userData: string;
  /** What EC2's metadata service answers, by key. */
  metadata: Record<string, string>;
}

/** A machine as EC2 starts it, with Debian in the place of the Deep Learning AMI: systemd, a local disk and a network. */
export class Machine {
  static async boot(props: MachineProps): Promise<Machine> {
    const folder = mkdtempSync(join(tmpdir(), 'spotscribe-boot-'));
    const machine = new Machine(folder, join(folder, 'root'));
    try {
      await machine.install(props);
      machine.network = await MachineNetwork.create(`spot${process.pid}`, props.port, folder);
      await machine.start();
    } catch (error) {
      const console = machine.consoleEnd();
      // Its processes would keep the tests from ending.
      await machine.remove();
      throw new Error(`The machine did not start${console}`, { cause: error });
    }
    return machine;
  }

  private network: MachineNetwork | undefined;
  private disk = '';
  private system: ManagedProcess | undefined;
  private init = '';

  private constructor(
    private readonly folder: string,
    private readonly files: string,
  ) {}

  /** Writes a file of the machine. */
  write(path: string, content: string, mode = 0o644) {
    const file = join(this.files, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, content, { mode });
  }

  /** Sets what EC2's metadata service answers, or removes the key. */
  setMetadata(key: string, value?: string) {
    const file = `opt/keys/${key.replaceAll('/', '_')}`;
    if (value === undefined) rmSync(join(this.files, file));
    else this.write(file, value);
  }

  /** Runs a program on the machine, as root. */
  run(...command: string[]): Promise<string> {
    return execute('nsenter', '--target', this.init, '-m', '-u', '-i', '-n', '-p', '--', ...command);
  }

  /** Runs a program as the user of a process, seeing the files that the process sees. */
  async runAs(name: string, ...command: string[]): Promise<string> {
    const unit = `spotscribe-${name}`;
    const pid = await this.run('systemctl', 'show', '--property=MainPID', '--value', unit);
    const inside = ['nsenter', '--target', pid, '--mount', '--root', '--wd=/'];
    const user = (await this.run('id', '-u', unit)).trim();
    const group = (await this.run('getent', 'group', 'spotscribe')).split(':')[2];
    const groups = (await this.run('id', '-G', unit)).trim().replaceAll(' ', ',');
    // nsenter has no option for supplementary groups.
    const start = `import os, sys; os.setgroups([${groups}]); os.setgid(${group}); os.setuid(${user}); os.execvp(sys.argv[1], sys.argv[1:])`;
    return this.run(...inside, 'python3', '-c', start, ...command);
  }

  /** State of a unit, such as `active`. */
  state(unit: string): Promise<string> {
    return this.run('systemctl', 'show', '--property=ActiveState', '--value', unit);
  }

  journal(...options: string[]): Promise<string> {
    return this.run('journalctl', '--no-pager', '--output=cat', ...options);
  }

  async remove(): Promise<void> {
    // SIGTERM makes systemd-nspawn kill the machine after a shutdown.
    await this.system?.stop(30);
    await this.network?.remove();
    if (this.disk !== '') await execute('losetup', '--detach', this.disk);
    rmSync(this.folder, { recursive: true, force: true });
  }

  private async install({ port, userData, metadata }: MachineProps): Promise<void> {
    mkdirSync(this.files);
    await execute('tar', '--extract', '--file', join(PREPARED, 'root.tar'), '--directory', this.files);
    cpSync(join(__dirname, 'ami'), this.files, { recursive: true });
    cpSync(join(PREPARED, 'aws'), join(this.files, 'opt/aws'), { recursive: true });
    for (const library of ['libcuda.so.1', 'libnvidia-ml.so.1']) this.write(`usr/lib64/${library}`, library);
    this.write('var/lib/cloud/instance/scripts/part-001', userData, 0o755);
    for (const [key, value] of Object.entries(metadata)) this.setMetadata(key, value);
    // All programs of the machine use the laptop's AWS. The machine does not know it.
    const settings = `[Manager]\nDefaultEnvironment=AWS_ENDPOINT_URL=http://127.0.0.1:${port}\n`;
    this.write('etc/systemd/system.conf.d/aws.conf', settings);
    this.write('etc/resolv.conf', '');
    const image = join(this.folder, 'disk');
    writeFileSync(image, '');
    truncateSync(image, DISK_BYTES);
    this.disk = await execute('losetup', '--find', '--show', image);
    this.write('opt/disk', this.disk);
    for (const unit of ['metadata', 'dlami-nvme', 'user-data'])
      await execute('systemctl', `--root=${this.files}`, 'enable', '--quiet', `${unit}.service`);
  }

  private async start(): Promise<void> {
    const { PATH = '' } = process.env;
    this.system = new ManagedProcess({
      name: 'machine',
      file: 'systemd-nspawn',
      args: [
        ...['--quiet', '--keep-unit', '--register=no', '--boot', '--console=read-only'],
        ...['--directory', this.files, '--bind', this.disk],
        ...[`--network-namespace-path=${this.network?.path}`, '--capability=CAP_NET_ADMIN'],
      ],
      env: { PATH },
      cwd: this.folder,
      log: join(this.folder, 'console.log'),
    });
    const { pid } = this.system.started;
    // Before its systemd answers, the machine has no journal. systemd-nspawn starts the first process of the machine
    // through a child that ends soon: asks each time which one is there.
    await until('systemd to answer', 20, async () => {
      try {
        this.init = await execute('pgrep', '--parent', String(pid));
        return await this.state('user-data');
      } catch (error) {
        if (this.system?.running !== true) throw error;
        return undefined;
      }
    });
  }

  private consoleEnd(): string {
    const file = join(this.folder, 'console.log');
    return existsSync(file) ? `:\n${readFileSync(file, 'utf8').slice(-3000)}` : '';
  }
}
