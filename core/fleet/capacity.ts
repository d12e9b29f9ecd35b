import type { FleetRow, MachineRow } from '../contract/machine';
import { bootSeconds, knownBoot } from './learning';
import type { FleetMachine } from './list-scheduling';
import { BOOT_SECONDS as LONGEST_BOOT, isNoticed, silentSince } from './watchdog';

/** A machine of the group as the sizer sees it. */
export interface GroupMachine {
  id: string;
  type?: string;
  row?: MachineRow;
}

/**
 * When the machines of the group can take jobs. Machines that AWS takes back, that drain or that have no worker are
 * left out: they take none.
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

/**
 * A machine that has been booting for so many boots is not expected any more, although the watchdog still waits. Just above 2, so that
 * a boot twice as long as the learnt one launches no second machine.
 */
const OVERDUE = 2.1;

function secondsUntilFree({ id, type, row }: GroupMachine, fleet: FleetRow, now: number): number | undefined {
  if (isNoticed(row, now) || row?.drain_at !== undefined) return undefined;
  const isSilent = silentSince(row, now) !== undefined;
  const boot = bootSeconds(fleet, type);
  if (row?.ready_at === undefined) {
    const age = (now - (fleet.machines[id]?.requested_at ?? now)) / 1000;
    const overdue = age > OVERDUE * boot && (knownBoot(fleet, type) !== undefined || age > LONGEST_BOOT);
    return isSilent && overdue ? undefined : Math.max(0, boot - age);
  }
  if (isSilent) return undefined;
  return Math.max(0, ((row.busy_until ?? now) - now) / 1000);
}

/** Whether a machine has no worker yet. */
export const isBooting = ({ row }: GroupMachine): boolean => row?.ready_at === undefined;
