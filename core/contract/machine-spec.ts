import * as z from 'zod/mini';

/** Name of a process, an image or a volume. */
const Name = z.string().check(z.regex(/^[A-Za-z][A-Za-z0-9-]*$/));
const Port = z.int().check(z.minimum(1), z.maximum(65_535));
const Args = z.optional(z.array(z.string()));

/** How a process starts without its image. */
export const ProcessExec = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('python'),
    /**
     * Whose files these are: paths are relative to this package, or to the folder of the user's app.
     *
     * @default 'package'
     */
    from: z.optional(z.enum(['package', 'app'])),
    /** Requirements file, with hashes, of the environment for laptops. */
    requirements: z.string(),
    /** Folders that contain the modules. */
    folders: z.array(z.string()),
    /** Module that is run with `python -m`. */
    module: z.string(),
    /** Also of the image. @default - none */
    args: Args,
  }),
  z.strictObject({
    kind: z.literal('node'),
    /** Program that is bundled into one file. */
    bundle: z.literal('worker'),
    /** Also of the image. @default - none */
    args: Args,
  }),
]);
export type ProcessExec = z.infer<typeof ProcessExec>;

/** How a process uses the machine's GPU: alone, or together with other processes. */
export const GPU_ACCESS = ['exclusive', 'shared'] as const;
export type GpuAccess = (typeof GPU_ACCESS)[number];

/** A process of a machine. */
export const MachineProcess = z.strictObject({
  /** Also the host name of its server for other processes. */
  name: Name,
  /** Name of its image in `images`. @default - the name of the process */
  image: z.optional(Name),
  exec: ProcessExec,
  /** Ports of its servers. `host`: the port of the machine. @default - none; the machine chooses */
  ports: z.optional(z.array(z.strictObject({ port: Port, host: z.optional(Port) }))),
  /**
   * Processes that must have started or succeeded before this one starts.
   *
   * @default - none; 'started'
   */
  after: z.optional(
    z.array(z.strictObject({ process: Name, until: z.optional(z.enum(['started', 'succeeded'])) })),
  ),
  /** Volumes that it sees. @default - none; writable */
  mounts: z.optional(z.array(z.strictObject({ volume: Name, read_only: z.optional(z.boolean()) }))),
  /** Values may contain placeholders: see `core/machine/placeholders.ts`. @default - none */
  environment: z.optional(z.record(z.string(), z.string())),
  /** Whether it calls AWS: it gets the region and the role's credentials. @default false */
  aws: z.optional(z.boolean()),
  /** @default - no GPU */
  gpu: z.optional(z.enum(GPU_ACCESS)),
  /** Reserved memory. The process may use more if it is free. */
  memory_mib: z.int().check(z.minimum(1)),
  /** Whether all processes are replaced when this one ends. @default true */
  essential: z.optional(z.boolean()),
  /** The process restarts alone if it ran at least for this time. @default - it stays stopped */
  restart_after_seconds: z.optional(z.int().check(z.minimum(0))),
  /** Time from SIGTERM to SIGKILL. @default - the runtime's: 120 on ECS, 30 on a laptop */
  stop_seconds: z.optional(z.int().check(z.minimum(1))),
});
export type MachineProcess = z.infer<typeof MachineProcess>;

/** A server of a process that a load balancer sends requests to. */
export const Registration = z.strictObject({
  process: Name,
  port: Port,
  /** ARN of the target group. */
  targets: z.string(),
});
export type Registration = z.infer<typeof Registration>;

/**
 * What runs on every machine of a path. A runtime renders it: as an ECS task, or as local processes.
 * The parameter of a path's stack (`machineParameter`) holds it as JSON, without defaults.
 */
export const MachineSpec = z.strictObject({
  version: z.literal(1),
  /** URIs of images, by name. */
  images: z.record(z.string(), z.string()),
  processes: z.array(MachineProcess),
  /** Paths on the machine, by the volume's name. */
  volumes: z.record(z.string(), z.string()),
  /** Percentage of machines that keep their processes while an update replaces others. @default 0 */
  min_healthy_percent: z.optional(z.int().check(z.minimum(0), z.maximum(100))),
  /** @default - no load balancer */
  registrations: z.optional(z.array(Registration)),
});
export type MachineSpec = z.infer<typeof MachineSpec>;

/** Volume of the file that describes the machine, a `Machine` as JSON. Other volumes are folders. */
export const MACHINE_VOLUME = 'machine';

/** Name of the Systems Manager parameter with the {@link MachineSpec} of a stack. */
export const machineParameter = (stackName: string) => `/${stackName}/Machine`;
