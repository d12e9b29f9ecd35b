import { HEARTBEAT_SECONDS } from '../contract/limits';
import type { MachineRow } from '../contract/machine';
import { BOOT_SECONDS, patienceSeconds } from './sizing';

/** A heartbeat is recent for this long, in seconds: one or two may be late or lost. */
const RECENT_SECONDS = 3 * HEARTBEAT_SECONDS;

/** A machine without a heartbeat for this long has no worker: its longest boot, three times, in seconds. */
export const DEAD_SECONDS = 3 * BOOT_SECONDS;

/** Silence counts only while the sizer looks: after a longer pause, in seconds, it counts from the beginning. */
const LOOKS_APART_SECONDS = 5 * 60;

/** After this time, in seconds, the sizer tries again to end a machine that AWS did not end. */
const ENDING_SECONDS = 5 * 60;

/** What the sizer knows about a machine. Times in seconds. */
export interface WatchedMachine {
  id: string;
  /** It is in service and not protected: others are ending already, or someone keeps them. */
  endable: boolean;
  /** For how long its worker has had no work; undefined without a recent heartbeat. */
  idleSeconds?: number;
  /** For how long it has been seen without a recent heartbeat. */
  silentSeconds: number;
}

export interface WatchedFleet {
  machines: readonly WatchedMachine[];
  /** Machines that the group is asked to have. */
  desired: number;
  /** Machines that run although there is no work. */
  warm: number;
  /** Jobs and requests, waiting or in work. */
  work: number;
  /** Time since a request was last answered, in seconds. */
  quietSeconds: number;
  /** Idle time after which a worker ends its machine, in seconds. */
  idleLimit: number;
}

export interface Ending {
  id: string;
  reason: 'dead' | 'idle';
  /** Whether the group loses its place, too; otherwise another machine takes it. */
  decrement: boolean;
}

/**
 * The machine to end now, if any: one without a worker, or one whose worker says that it has been idle for far longer than
 * after which it should have ended the machine itself. At most one in each run, so that an error in what is known
 * about the machines does not cost the fleet.
 */
export function machineToEnd(fleet: WatchedFleet): Ending | undefined {
  const { desired, warm, work, quietSeconds, idleLimit } = fleet;
  const machines = fleet.machines.filter(({ endable }) => endable);
  const spare = desired > warm;
  const dead = machines.find(({ silentSeconds }) => silentSeconds >= DEAD_SECONDS);
  if (dead !== undefined) return { id: dead.id, reason: 'dead', decrement: spare };
  const patience = patienceSeconds(idleLimit);
  if (!spare || work > 0 || quietSeconds < patience) return undefined;
  const idle = machines.find(({ idleSeconds = 0 }) => idleSeconds >= patience);
  return idle && { id: idle.id, reason: 'idle', decrement: true };
}

/** What a machine's row says about it. @param now epoch milliseconds */
export function watched(
  { id, endable }: Pick<WatchedMachine, 'id' | 'endable'>,
  row: MachineRow | undefined,
  now: number,
): WatchedMachine {
  const since = silentSince(row, now);
  return {
    id,
    endable: endable && !isEnding(row, now),
    idleSeconds: since === undefined ? row?.idle_seconds : undefined,
    silentSeconds: since === undefined ? 0 : (now - since) / 1000,
  };
}

/**
 * Since when a machine has been seen without a recent heartbeat, in epoch milliseconds; undefined if it has one.
 *
 * It counts from the first look that found none, not from the last heartbeat: a worker of an earlier version may have run
 * since. @param now epoch milliseconds
 */
export function silentSince(row: MachineRow | undefined, now: number): number | undefined {
  const { heartbeat_at = -Infinity, silent_since, looked_at = -Infinity } = row ?? {};
  if (now - heartbeat_at <= RECENT_SECONDS * 1000) return undefined;
  const lookedOn = now - looked_at <= LOOKS_APART_SECONDS * 1000;
  return lookedOn ? (silent_since ?? now) : now;
}

/** Whether the sizer has tried to end a machine a short time ago. @param now epoch milliseconds */
export const isEnding = ({ ending_at = -Infinity }: Partial<MachineRow> = {}, now: number): boolean =>
  now - ending_at <= ENDING_SECONDS * 1000;
