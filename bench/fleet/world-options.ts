/** Times in seconds. */
export interface WorldOptions {
  seed: number;
  boot: number;
  /** Boots take from `1 - bootSpread` to `1 + bootSpread` times `boot`. */
  bootSpread: number;
  /** Share of the machines whose worker never starts. The watchdog ends them. */
  deadShare: number;
  /** Seconds of audio in a second of work. */
  speed: number;
  maxMachines: number;
  launchesPerMinute: number;
  /** Mean time of a machine between interruptions; infinite without any. */
  interruptionHours: number;
  /** Whether the queue is fair to tenants: see `WorkQueue`. */
  fair: boolean;
  /** Age of what policies see. */
  staleSeconds: number;
  /** Estimated by actual work. */
  workEstimate: number;
  /** Estimated by actual boot. */
  bootEstimate: number;
}

export const DEFAULT_WORLD: WorldOptions = {
  seed: 1,
  boot: 240,
  bootSpread: 0,
  deadShare: 0,
  speed: 40,
  maxMachines: 20,
  launchesPerMinute: Infinity,
  interruptionHours: 20,
  fair: true,
  staleSeconds: 0,
  workEstimate: 1,
  bootEstimate: 1,
};

export interface Outcome {
  /** Of each job, from its arrival to its first start. */
  waits: number[];
  /** The same by tenant, for jobs that have one. */
  tenantWaits: Record<string, number[]>;
  machineSeconds: number;
  launches: number;
  interruptions: number;
  /** Seconds of audio that were done twice because of interruptions. */
  redoneAudio: number;
  /** When the last machine ended. */
  end: number;
  /** The number of machines since each time. */
  fleet: [time: number, machines: number][];
}
