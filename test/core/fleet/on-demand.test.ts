import type { MachineRow } from '../../../core/contract/machine';
import { capacity, type GroupMachine } from '../../../core/fleet/capacity';
import { NEW_FLEET } from '../../../core/fleet/learning';
import { machinesToDrain, onDemandMachines } from '../../../core/fleet/on-demand';
import { FLEET_MODES, type FleetState } from '../../../core/fleet/sizing';

const NOW = 1_700_000_000_000;
const MINUTE = 60_000;
const machine = (id: string, row: Partial<MachineRow> = {}): GroupMachine => ({
  id,
  row: { id: `machine#${id}`, expires_at: 0, heartbeat_at: NOW, ready_at: NOW - 1, ...row },
});
const busy = (id: string, row: Partial<MachineRow> = {}) =>
  machine(id, { busy_until: NOW + 99 * MINUTE, ...row });

interface Given {
  /** Machines that spot is to have, and has. */
  spot?: { desired: number; machines?: GroupMachine[] };
  onDemand?: { desired: number; machines?: GroupMachine[] };
  /** Minutes since which spot lacks machines. */
  short?: number;
  jobs?: number;
  most?: number;
}

function raised({ spot = { desired: 2 }, onDemand = { desired: 0 }, short = 10, jobs = 8, most = 9 }: Given) {
  const groups = [spot, onDemand].map(({ desired, machines = [] }) => ({ desired, machines }));
  const state: FleetState = {
    jobs: Array.from({ length: jobs }, (_, at) => ({
      ...{ id: `job-${at}`, waits_from: NOW, estimate: { audio_second: 72_000 } },
    })),
    ...{ messages: jobs, inFlight: 0, requestsInFlight: 0, requestsPerMachine: 1 },
    machines: groups.flatMap(({ machines }) => machines),
    desired: spot.desired + onDemand.desired,
    ...{ warm: 0, maxMachines: 20, schedule: FLEET_MODES.standard, unit: 'audio_second' as const },
    fleet: { ...NEW_FLEET, short_since: NOW - short * MINUTE },
    now: NOW,
  };
  return onDemandMachines(groups[0]!, groups[1]!, { afterMs: 10 * MINUTE, most }, state);
}

test.each<[string, Given, number]>([
  ['spot has lacked machines for long enough', {}, 2],
  ['the cap is lower than what spot lacks', { most: 1 }, 1],
  ['spot has lacked machines for a short time only', { short: 9.9 }, 0],
  ['no job waits', { jobs: 0 }, 0],
  ['one job waits, although spot lacks two machines', { jobs: 1 }, 1],
  ['one of two spot machines is there', { spot: { desired: 2, machines: [busy('s-1')] } }, 1],
  ['they have been asked for already', { onDemand: { desired: 2 } }, 2],
  ['more of them run than spot lacks', { onDemand: { desired: 3, machines: [busy('o-1')] } }, 3],
  [
    'those that run take no more jobs',
    { spot: { desired: 1 }, onDemand: { desired: 1, machines: [busy('o-1', { drain_at: NOW })] } },
    2,
  ],
])('the on-demand group if %s', (_, given, desired) => {
  expect(raised(given)).toBe(desired);
});

describe('on-demand machines', () => {
  const drained = (spot: GroupMachine[], onDemand: GroupMachine[], desired = 1) =>
    machinesToDrain({ desired, machines: spot }, { desired: onDemand.length, machines: onDemand });

  test('are drained once all spot machines are ready, each once', () => {
    expect(drained([machine('s-1')], [machine('o-1'), machine('o-2', { drain_at: 1 })])).toEqual(['o-1']);
  });

  test.each([
    ['spot lacks a machine', [machine('s-1')], 2],
    ['a spot machine boots', [machine('s-1', { ready_at: undefined })], 1],
    ['the rows of the machines were not read', [{ id: 's-1' }], 1],
  ])('go on while %s', (_, spot, desired) => {
    expect(drained(spot, [machine('o-1')], desired)).toEqual([]);
  });

  test('that drain are no capacity for more jobs', () => {
    expect(capacity([machine('o-1', { drain_at: NOW })], 1, NEW_FLEET, NOW)).toEqual([]);
  });
});
