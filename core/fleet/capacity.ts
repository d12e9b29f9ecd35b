import type { FleetRow, MachineRow } from '../contract/machine';
import { bootSeconds, knownBoot } from './learning';
import type { FleetMachine } from './list-scheduling';
import { deadSeconds, silentSince } from './watchdog';

/** A machine of the group as the sizer sees it. */
export interface GroupMachine {
  id: string;
  type?: string;
  row?: MachineRow;
}

/**
 * When the machines of the group can take jobs. Machines that AWS takes back and machines without a worker are left
 * out: they take none.
 *
 * @param desired machines that the group is to have
 * @param now epoch milliseconds
 */
export function capacity(
  machines: readonly GroupMachine[],
  desired: number,
  fleet: FleetRow,
  now: number,
): FleetMachine[] {
  const present = machines.flatMap((machine) => {
    const freeIn = secondsUntilFree(machine, fleet, now);
    return freeIn === undefined ? [] : [{ freeIn }];
  });
  // The group has not launched the rest yet, or cannot: that takes at least a boot.
  const unlaunched = Math.max(0, desired - machines.length);
  return [...present, ...Array.from({ length: unlaunched }, () => ({ freeIn: bootSeconds(fleet) }))];
}

function secondsUntilFree({ id, type, row }: GroupMachine, fleet: FleetRow, now: number): number | undefined {
  if (row?.notice_at !== undefined) return undefined;
  const silent = silentSince(row, now);
  const boot = bootSeconds(fleet, type);
  if (row?.ready_at === undefined) {
    if (
      silent !== undefined &&
      now - silent >= deadSeconds(knownBoot(fleet, type), fleet.failed_boots) * 1000
    )
      return undefined;
    const requested = fleet.machines[id]?.requested_at ?? now;
    return Math.max(0, boot - (now - requested) / 1000);
  }
  if (silent !== undefined) return undefined;
  return Math.max(0, ((row.busy_until ?? now) - now) / 1000);
}

/** Whether a machine has no worker yet. */
export const isBooting = ({ row }: GroupMachine): boolean => row?.ready_at === undefined;
