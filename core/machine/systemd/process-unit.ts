import { basename } from 'node:path/posix';
import type { MachineProcess, MachineSpec } from '../../contract/machine-spec';
import type { ImageConfig } from '../image-config';
import { mountPoint } from '../mount-point';
import { expand } from '../placeholders';
import { found } from '../found';
import { GPU_DEVICES, HARDENED, LOOPBACK_ONLY, NETWORK, USERS } from './hardening';
import { GROUP, JOURNAL_UNIT, SLICE, TARGET, unitOf, userOf } from './names';
import { commandWord, environmentLines, type Setting, unitFile } from './unit-file';
import { Volumes } from './volumes';

/** What is known only on the machine. */
export interface Host {
  readonly region: string;
  readonly instanceId: string;
  /** Name of the group in CloudWatch Logs that gets the journal. */
  readonly logGroup: string;
  /** Memory in MiB. */
  readonly memoryMib: number;
  /** The images, by name. */
  readonly images: Readonly<Record<string, HostImage>>;
  /** Files of NVIDIA's driver that processes with a GPU need. */
  readonly driver: readonly string[];
}

/** An image on the machine. */
export interface HostImage {
  /** Folder with its file system. */
  readonly root: string;
  /** How it starts. */
  readonly config: ImageConfig;
}

/** Folder in which a process sees the libraries of NVIDIA's driver. */
const DRIVER = '/usr/local/nvidia/lib64';

/** Part of a machine's memory that the system keeps, in MiB. */
export const SYSTEM_MIB = 1024;
/** The default of ECS, from SIGTERM to SIGKILL. */
const STOP_SECONDS = 120;

/** Whether a process starts again whenever it ends. */
export const staysUp = ({ essential = true, restart_after_seconds: restart }: MachineProcess): boolean =>
  essential || restart !== undefined;

/** The unit of each process, by file name. Errors as in `machineFiles`. */
export function processUnits(spec: MachineSpec, host: Host): Record<string, string> {
  const units = new Units(spec, host);
  return Object.fromEntries(spec.processes.map((process) => [unitOf(process.name), units.of(process)]));
}

class Units {
  private readonly volumes: Volumes;

  constructor(
    private readonly spec: MachineSpec,
    private readonly host: Host,
  ) {
    this.volumes = new Volumes(spec);
  }

  of(process: MachineProcess): string {
    const { name, image = name, gpu, stop_seconds: stop = STOP_SECONDS } = process;
    if (gpu === 'shared')
      throw new Error(`Under systemd, process ${JSON.stringify(name)} cannot share a GPU`);
    return unitFile(
      ['Unit', [['Description', `Spotscribe: ${name}`], ['PartOf', TARGET], ...order(process)]],
      [
        'Service',
        [
          ...this.kind(process),
          ['User', userOf(name)],
          ['Group', GROUP],
          ['UMask', '0027'],
          ['RootDirectory', this.imageOf(image).root],
          ['MountAPIVFS', 'yes'],
          ...USERS,
          ...this.volumes.mounts(process),
          ...this.command(process),
          ...this.environment(process),
          ['TimeoutStopSec', String(stop)],
          ['KillMode', 'mixed'],
          // As in containers. The default is 1,024.
          ['LimitNOFILE', '65536'],
          ['SyslogIdentifier', userOf(name)],
          ['Slice', SLICE],
          ...this.memory(process),
          ...HARDENED,
          ...(process.aws === true ? NETWORK : LOOPBACK_ONLY),
          ...(gpu === undefined ? [] : [...GPU_DEVICES, ...this.driver()]),
        ],
      ],
    );
  }

  /** A process that others wait for runs once; the others run until they are stopped. */
  private kind(process: MachineProcess): Setting[] {
    const awaited = this.spec.processes.some(({ after = [] }) =>
      after.some((waited) => waited.process === process.name && waited.until === 'succeeded'),
    );
    if (awaited)
      return [
        ['Type', 'oneshot'],
        ['RemainAfterExit', 'yes'],
        ['Restart', 'on-failure'],
        ['RestartSec', '5'],
      ];
    // Unlike on ECS, other processes continue: the worker waits for an unavailable service.
    return [
      ['Type', 'exec'],
      ['Restart', staysUp(process) ? 'always' : 'no'],
      ['RestartSec', '2'],
    ];
  }

  private command({ exec, name, image = name }: MachineProcess): Setting[] {
    const { Entrypoint, Cmd } = this.imageOf(image).config;
    const words = [...(Entrypoint ?? []), ...(exec.args ?? Cmd ?? [])];
    const path = this.variablesOf(image).PATH;
    return [
      // Systemd looks for programs in folders of its own otherwise.
      ...(path === undefined ? [] : [['ExecSearchPath', path] as const]),
      ['ExecStart', words.map(commandWord).join(' ')],
    ];
  }

  private environment({
    name,
    image = name,
    environment = {},
    ports = [],
    aws,
    gpu,
  }: MachineProcess): Setting[] {
    const placeholders = {
      url: (process: string) => `http://127.0.0.1:${hostPort(this.processOf(process))}`,
      mount: (volume: string) => mountPoint(this.spec, volume),
      port: (port?: number) => String(hostPort({ ports }, port)),
    };
    const variables = {
      ...this.variablesOf(image),
      // Only servers that a load balancer asks are open to other machines.
      HOST: ports.some(({ host }) => host !== undefined) ? '0.0.0.0' : '127.0.0.1',
      ...Object.fromEntries(
        Object.entries(environment).map(([key, value]) => [key, expand(value, placeholders)]),
      ),
      ...(gpu !== undefined && { LD_LIBRARY_PATH: DRIVER }),
      ...(aws === true ? { AWS_REGION: this.host.region } : { AWS_EC2_METADATA_DISABLED: 'true' }),
    };
    return environmentLines(variables);
  }

  /** A process may use all memory that the others have not reserved. */
  private memory({ name, memory_mib: reserved }: MachineProcess): Setting[] {
    const free = this.spec.processes
      .filter((process) => process.name !== name)
      .reduce((left, { memory_mib: taken }) => left - taken, this.host.memoryMib - SYSTEM_MIB);
    return [
      ['MemoryLow', `${reserved}M`],
      ['MemoryMax', `${Math.max(free, reserved)}M`],
    ];
  }

  /** The libraries of the driver must be those of the machine's kernel module, so no image has them. */
  private driver(): Setting[] {
    return this.host.driver.map((file) => ['BindReadOnlyPaths', `${file}:${DRIVER}/${basename(file)}`]);
  }

  private variablesOf(image: string): Record<string, string> {
    const variables = this.imageOf(image).config.Env ?? [];
    return Object.fromEntries(
      variables.map((variable) => {
        const at = variable.indexOf('=');
        return [variable.slice(0, at), variable.slice(at + 1)];
      }),
    );
  }

  private imageOf(image: string): HostImage {
    return found(this.host.images[image], 'image', image);
  }

  private processOf(name: string): MachineProcess {
    const process = this.spec.processes.find((each) => each.name === name);
    return found(process, 'process', name);
  }
}

const order = ({ after = [] }: MachineProcess): Setting[] => [
  // They stop after it: the network, and what sends its log.
  ['After', `network.target nss-lookup.target ${JOURNAL_UNIT}`],
  ...after.flatMap(({ process, until = 'started' }): Setting[] => [
    [until === 'succeeded' ? 'Requires' : 'Wants', unitOf(process)],
    ['After', unitOf(process)],
  ]),
  ['StartLimitIntervalSec', '0'],
];

/** The port of a server on the machine, whose network all processes share. */
function hostPort({ ports = [] }: Pick<MachineProcess, 'ports'>, port = ports[0]?.port): number {
  const server = ports.find((each) => each.port === port);
  const { host, port: own } = found(server, 'port', String(port));
  return host ?? own;
}
