import type { OnDemandRule } from '../../core/fleet/on-demand';
import type { FleetGroup, GroupState } from './fleet-group';

/** The groups of a fleet. */
export interface FleetGroups {
  /** The group of spot machines. */
  group: FleetGroup;
  /** The group of on-demand machines, and when they are launched. @default - only spot machines */
  onDemand?: OnDemandRule & { group: FleetGroup };
}

/** Both groups as one fleet. */
export interface FleetGroupsState extends Pick<GroupState, 'desired' | 'machines'> {
  spot: GroupState;
  onDemand?: GroupState;
}

export async function describeGroups({ group, onDemand }: FleetGroups): Promise<FleetGroupsState> {
  const [spot, second] = await Promise.all([group.describe(), onDemand?.group.describe()]);
  return {
    spot,
    onDemand: second,
    desired: spot.desired + (second?.desired ?? 0),
    machines: [...spot.machines, ...(second?.machines ?? [])],
  };
}
