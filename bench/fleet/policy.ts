import type { FleetRow, WaitingRow } from '../../core/contract/machine';
import type { GroupMachine } from '../../core/fleet/capacity';

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
  /** What the product's sizer reads, by estimates. */
  rows(): Rows;
}

/** Rows of the product's table. Instants are epoch milliseconds. */
export interface Rows {
  machines: GroupMachine[];
  /** Waiting jobs, oldest first. */
  jobs: WaitingRow[];
  fleet: FleetRow;
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
