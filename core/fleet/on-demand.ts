import type { FleetRow } from '../contract/machine';
import type { GroupMachine } from './capacity';
import { desiredMachines, type FleetState } from './sizing';

/** A group of machines as the sizer sees it. */
export interface SizedGroup {
  desired: number;
  /** The machines that do not terminate. */
  machines: readonly GroupMachine[];
}

export interface OnDemandRule {
  /** Spot must have lacked machines for so long, in milliseconds. */
  afterMs: number;
  /** Most on-demand machines. */
  most: number;
}

/**
 * Desired number of on-demand machines: as many as spot has lacked for long enough and the work needs. Never lower than
 * the current one, because Auto Scaling would choose the machines to terminate.
 *
 * @param state of both groups together
 */
export function onDemandMachines(
  spot: SizedGroup,
  onDemand: SizedGroup,
  { afterMs, most }: OnDemandRule,
  state: FleetState,
): number {
  const { short_since = Infinity }: Partial<FleetRow> = state.fleet;
  if (state.now - short_since < afterMs) return onDemand.desired;
  const present = state.machines.length;
  // A plan in which nothing comes of the machines that spot lacks.
  const lacking = desiredMachines({ ...state, desired: present }) - present;
  const missing = spot.desired - spot.machines.length;
  const draining = onDemand.machines.filter(({ row }) => row?.drain_at !== undefined).length;
  const wanted = Math.min(most, draining + missing, onDemand.machines.length + lacking);
  return Math.max(onDemand.desired, wanted);
}

/**
 * The on-demand machines that must take no more jobs: all of them, once every spot machine is there and ready.
 *
 * @returns their ids
 */
export function machinesToDrain(spot: SizedGroup, onDemand: SizedGroup): string[] {
  const isComplete = spot.machines.length >= spot.desired;
  if (!isComplete || spot.machines.some(({ row }) => row?.ready_at === undefined)) return [];
  return onDemand.machines
    .filter(({ row }) => row !== undefined && row.drain_at === undefined)
    .map(({ id }) => id);
}
