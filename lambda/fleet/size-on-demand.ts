import type { GroupMachine } from '../../core/fleet/capacity';
import type { MachineStore } from '../../core/fleet/machine-store';
import { machinesToDrain, onDemandMachines, type SizedGroup } from '../../core/fleet/on-demand';
import type { FleetState } from '../../core/fleet/sizing';
import type { Tools } from '../frame/runtime';
import type { FleetGroups, FleetGroupsState } from './fleet-groups';
import type { GroupState } from './fleet-group';
import { correctGroup, resumeProcesses } from './group-settings';

/** Launches on-demand machines while spot has failed for long, and drains them once it has not. */
export async function sizeOnDemand(
  {
    onDemand,
    machines: store,
  }: Pick<FleetGroups, 'onDemand'> & { machines: Pick<MachineStore, 'noteDrain'> },
  { spot, onDemand: second }: FleetGroupsState,
  state: FleetState,
  tools: Tools,
): Promise<void> {
  if (onDemand === undefined || second === undefined) return;
  await correctGroup(second, { warm: 0, maxMachines: onDemand.most }, onDemand.group, tools);
  const known = new Map(state.machines.map((machine) => [machine.id, machine]));
  const [ofSpot, others] = [sized(spot, known), sized(second, known)];
  const { logger } = tools;
  const desired = onDemandMachines(ofSpot, others, onDemand, state);
  if (desired > second.desired) {
    const { short_since, launch_failure } = state.fleet;
    const why = { short_since, reason: launch_failure?.message };
    logger.warn('launching on-demand machines', { from: second.desired, to: desired, ...why });
    await resumeProcesses(second, onDemand.group, tools);
    await onDemand.group.raise(desired);
  }
  for (const id of machinesToDrain(ofSpot, others)) {
    logger.info('draining an on-demand machine', { instance_id: id });
    await store.noteDrain(id, state.now);
  }
}

const sized = ({ desired, machines }: GroupState, known: ReadonlyMap<string, GroupMachine>): SizedGroup => ({
  desired,
  machines: machines.flatMap(({ id }) => known.get(id) ?? []),
});
