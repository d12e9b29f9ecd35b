import type { MachineProcess, MachineSpec } from '../../contract/machine-spec';
import type { ImageConfig } from '../image-config';
import { mountPoint } from '../mount-point';
import { expand } from '../placeholders';
import { found } from '../found';
import { GPU_DEVICES, HARDENED } from './hardening';
import { GROUP, SLICE, TARGET, unitOf, userOf } from './names';
import { commandWord, type Setting, unitFile, word } from './unit-file';
import { Volumes } from './volumes';

/** What is known only on the machine. */
export interface Host {
  readonly region: string;
  /** Memory in MiB. */
  readonly memoryMib: number;
  /** Folder with the file system of each image, by the image's name. */
  readonly trees: string;
  /** How the images start, by name. */
  readonly images: Readonly<Record<string, ImageConfig>>;
}

/** Part of a machine's memory that the system keeps, in MiB. */
export const SYSTEM_MIB = 1024;
/** The default of ECS, from SIGTERM to SIGKILL. */
const STOP_SECONDS = 120;

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
          ['RootDirectory', `${this.host.trees}/${image}`],
          ['MountAPIVFS', 'yes'],
          ...this.volumes.mounts(process),
          ...this.command(process),
          ...this.environment(process),
          ['TimeoutStopSec', String(stop)],
          ['KillMode', 'mixed'],
          ['SyslogIdentifier', userOf(name)],
          ['Slice', SLICE],
          ...this.memory(process),
          ...HARDENED,
          ...(gpu === undefined ? [] : GPU_DEVICES),
        ],
      ],
    );
  }

  /** A process that others wait for runs once; the others run until they are stopped. */
  private kind({ name, essential = true, restart_after_seconds: restart }: MachineProcess): Setting[] {
    const awaited = this.spec.processes.some(({ after = [] }) =>
      after.some(({ process, until }) => process === name && until === 'succeeded'),
    );
    if (awaited)
      return [
        ['Type', 'oneshot'],
        ['RemainAfterExit', 'yes'],
      ];
    // Unlike on ECS, other processes continue: the worker waits for an unavailable service.
    return [
      ['Type', 'exec'],
      ['Restart', essential || restart !== undefined ? 'always' : 'no'],
      ['RestartSec', '2'],
    ];
  }

  private command({ exec, name, image = name }: MachineProcess): Setting[] {
    const { Entrypoint, Cmd } = this.imageOf(image);
    const words = [...(Entrypoint ?? []), ...(exec.args ?? Cmd ?? [])];
    const path = this.variablesOf(image).PATH;
    return [
      // Systemd looks for programs in folders of its own otherwise.
      ...(path === undefined ? [] : [['ExecSearchPath', path] as const]),
      ['ExecStart', words.map(commandWord).join(' ')],
    ];
  }

  private environment({ name, image = name, environment = {}, ports = [], aws }: MachineProcess): Setting[] {
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
      ...(aws === true ? { AWS_REGION: this.host.region } : { AWS_EC2_METADATA_DISABLED: 'true' }),
    };
    return Object.entries(variables).map(([key, value]) => ['Environment', word(`${key}=${value}`)]);
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

  private variablesOf(image: string): Record<string, string> {
    const variables = this.imageOf(image).Env ?? [];
    return Object.fromEntries(
      variables.map((variable) => {
        const at = variable.indexOf('=');
        return [variable.slice(0, at), variable.slice(at + 1)];
      }),
    );
  }

  private imageOf(image: string): ImageConfig {
    return found(this.host.images[image], 'image', image);
  }

  private processOf(name: string): MachineProcess {
    const process = this.spec.processes.find((each) => each.name === name);
    return found(process, 'process', name);
  }
}

const order = ({ after = [] }: MachineProcess): Setting[] => [
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
