import type { FleetRow, WaitingRow } from '../../core/contract/machine';
import type { GroupMachine } from '../../core/fleet/capacity';
import { learnt } from '../../core/fleet/learning';
import { MANY_JOBS } from '../../core/fleet/list-scheduling';
import type { MachineStore } from '../../core/fleet/machine-store';
import type { GroupState } from './fleet-group';

/** While a long queue waits, only the number of machines matters. Their rows are read after so long, to learn. */
const LOOKS_APART_MS = 60_000;

export interface KnownMachines {
  /** What is known of the fleet, with what the rows teach. */
  fleet: FleetRow;
  /** The machines that do not terminate, with their rows if they were read. */
  machines: GroupMachine[];
}

/**
 * The machines with their rows. The rows of 5,000 machines are 50 requests: in a long queue, they are read once a
 * minute only.
 *
 * @param now epoch milliseconds
 */
export async function knownMachines(
  instances: GroupState['machines'],
  earlier: FleetRow,
  jobs: readonly WaitingRow[],
  store: Pick<MachineStore, 'find'>,
  now: number,
): Promise<KnownMachines> {
  const present = instances.filter(({ terminating }) => !terminating);
  const isLong = jobs.length > MANY_JOBS;
  if (isLong && now - (earlier.looked_at ?? -Infinity) < LOOKS_APART_MS)
    return { fleet: earlier, machines: present.map(({ id, type }) => ({ id, type })) };
  const ids = new Set([...present.map(({ id }) => id), ...Object.keys(earlier.machines)]);
  const rows = await store.find([...ids]);
  const arrivals = jobs.flatMap(({ queued_at }) => (queued_at === undefined ? [] : [Date.parse(queued_at)]));
  const fleet = learnt(earlier, { machines: present, rows, arrivals, now });
  return {
    fleet: isLong ? { ...fleet, looked_at: now } : fleet,
    machines: present.map(({ id, type }) => ({ id, type, row: rows.get(id) })),
  };
}
