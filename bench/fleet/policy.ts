import type { FleetMachine, WaitingJob } from '../../core/fleet/list-scheduling';

/** What a policy may know. Times in seconds. */
export interface View {
  now: number;
  /** Waiting jobs. */
  visible: number;
  /** Jobs in work. */
  inFlight: number;
  /** Machines without a notice, booting or not. */
  total: number;
  /** Machines that have booted. */
  inService: number;
  idle: number;
  /** The machines, by estimates. Without those that have been booting for twice as long as usual. */
  machines(): FleetMachine[];
  /** Waiting jobs by estimates, oldest first. */
  waiting(): WaitingJob[];
}

export interface Policy {
  name: string;
  /** Whether it also decides when a job arrives or a machine gets a notice, not only each minute. */
  reacts: boolean;
  /** Whether the group replaces an interrupted machine by itself. */
  replaces: boolean;
  /** Whether machines run without work, so that the fleet is billed for the whole horizon. */
  alwaysOn: boolean;
  /** Seconds without work after which a machine ends itself. @default - never */
  idleSeconds?: number;
  /** @default - the limit of the world */
  maxMachines?: number;
  /** Number of machines to launch, or of idle machines to end if it is negative. */
  decide(view: View): number;
}

/** What policies are made for. Their state begins anew with each. */
export interface Circumstances {
  /** Estimated seconds from a request to the first job. */
  boot: number;
  maxMachines: number;
}

/** Makes the policy for one run. */
export type PolicyMaker = (circumstances: Circumstances) => Policy;
