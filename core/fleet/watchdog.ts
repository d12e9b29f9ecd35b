import { HEARTBEAT_SECONDS } from '../contract/limits';
import type { MachineRow } from '../contract/machine';

/**
 * Longest time from a machine's launch to its worker's first look at the queue: boot, image pull,
 * model load.
 */
export const BOOT_SECONDS = 15 * 60;

/**
 * Longest time until a machine without work has terminated itself: to boot, to look for work and to
 * find none.
 */
export const patienceSeconds = (idleSeconds: number): number => BOOT_SECONDS + 2 * idleSeconds;

/** How long a heartbeat is recent, in seconds: one or two may be late or lost. */
const RECENT_SECONDS = 3 * HEARTBEAT_SECONDS;

/** A machine whose models are filled into the cache, or whose group is new, can take so long. In seconds. */
const LONGEST_DEAD = 3 * BOOT_SECONDS;

/** Shorter than this, a boot was measured on machines that had everything. In seconds. */
const SHORTEST_BOOT = 120;

/**
 * A machine without a heartbeat for this time has no worker: three boots, in seconds. Each machine that fails to
 * boot doubles it, so that a boot that has become longer ends no machine again and again.
 *
 * @param boot seconds. @default - not known yet
 * @param failed machines that did not become ready, since the last one that did
 */
export const deadSeconds = (boot: number | undefined, failed: number): number =>
  boot === undefined ? LONGEST_DEAD : Math.min(LONGEST_DEAD, 3 * Math.max(boot, SHORTEST_BOOT) * 2 ** failed);

/**
 * Longest pause between two checks of the sizer, in seconds. After a longer one, silence is counted
 * from the start again.
 */
const LOOKS_APART_SECONDS = 5 * 60;

/** Time after which the sizer tries again to terminate a machine, in seconds. */
const ENDING_SECONDS = 5 * 60;

/** AWS takes a machine back two minutes after its notice. An older notice has been withdrawn. In seconds. */
const NOTICE_SECONDS = 5 * 60;

/** The sizer's view of a machine. Times in seconds. */
export interface WatchedMachine {
  id: string;
  /**
   * Whether it is in service and not protected. Otherwise it is terminating already, or a user
   * keeps it.
   */
  endable: boolean;
  /** Idle time of its worker; undefined without a recent heartbeat. */
  idleSeconds?: number;
  /** How long the sizer has seen it without a recent heartbeat. */
  silentSeconds: number;
  /** After so long a silence it has no worker. */
  deadSeconds: number;
}

export interface WatchedFleet {
  machines: readonly WatchedMachine[];
  /** Desired capacity of the group. */
  desired: number;
  /** Machines to keep running without work. */
  warm: number;
  /** Number of jobs and requests, waiting or in work. */
  work: number;
  /** Time since a request was last answered, in seconds. */
  quietSeconds: number;
  /** Idle time after which a worker ends its machine, in seconds. */
  idleLimit: number;
}

export interface Ending {
  id: string;
  reason: 'dead' | 'idle';
  /** Whether to lower the desired capacity; otherwise another machine replaces it. */
  decrement: boolean;
}

/**
 * The machine to terminate now, if any: one without a worker, or one whose worker reports a much
 * longer idle time than that after which it should have terminated the machine. At most one in each
 * run, so that wrong data does not cost the whole fleet.
 */
export function machineToEnd(fleet: WatchedFleet): Ending | undefined {
  const { desired, warm, work, quietSeconds, idleLimit } = fleet;
  const machines = fleet.machines.filter(({ endable }) => endable);
  const spare = desired > warm;
  const dead = machines.find(({ silentSeconds, deadSeconds }) => silentSeconds >= deadSeconds);
  if (dead !== undefined) return { id: dead.id, reason: 'dead', decrement: spare };
  const patience = patienceSeconds(idleLimit);
  if (!spare || work > 0 || quietSeconds < patience) return undefined;
  const idle = machines.find(({ idleSeconds = 0 }) => idleSeconds >= patience);
  return idle && { id: idle.id, reason: 'idle', decrement: true };
}

/** The state of a machine according to its row. @param now epoch milliseconds */
export function watched(
  { id, endable, deadSeconds }: Pick<WatchedMachine, 'id' | 'endable' | 'deadSeconds'>,
  row: MachineRow | undefined,
  now: number,
): WatchedMachine {
  const since = silentSince(row, now);
  return {
    ...{ id, deadSeconds },
    endable: endable && !isEnding(row, now),
    idleSeconds: since === undefined ? row?.idle_seconds : undefined,
    silentSeconds: since === undefined ? 0 : (now - since) / 1000,
  };
}

/**
 * Since when a machine has been seen without a recent heartbeat, in epoch milliseconds; undefined
 * if it has one.
 *
 * The time counts from the first check that found none, not from the last heartbeat, because a
 * worker of an earlier version without heartbeats may have run since.
 *
 * @param now epoch milliseconds
 */
export function silentSince(row: MachineRow | undefined, now: number): number | undefined {
  const { heartbeat_at = -Infinity, silent_since, looked_at = -Infinity } = row ?? {};
  if (now - heartbeat_at <= RECENT_SECONDS * 1000) return undefined;
  const lookedOn = now - looked_at <= LOOKS_APART_SECONDS * 1000;
  return lookedOn ? (silent_since ?? now) : now;
}

/** Whether the sizer recently tried to terminate a machine. @param now epoch milliseconds */
export const isEnding = ({ ending_at = -Infinity }: Partial<MachineRow> = {}, now: number): boolean =>
  now - ending_at <= ENDING_SECONDS * 1000;

/** Whether AWS takes a machine back now. @param now epoch milliseconds */
export const isNoticed = ({ notice_at = -Infinity }: Partial<MachineRow> = {}, now: number): boolean =>
  now - notice_at <= NOTICE_SECONDS * 1000;
