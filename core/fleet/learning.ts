import type { FleetRow, KnownMachine, MachineRow } from '../contract/machine';
import type { Unit } from '../contract/names';
import type { Measures } from '../contract/values';
import { FLEET_ROW_ID } from '../contract/keys';
import { DEFAULT_SPEED } from './work-rates';

/** Seconds from the request of a machine to its first job, until it is known better. */
export const DEFAULT_BOOT_SECONDS = 240;

/** Weight of a new observation in a learnt value. The last five have 83 % of the weight. */
const WEIGHT = 0.3;

/** How many arrivals are remembered. */
const ARRIVALS = 50;

/** A machine that comes later after a raise was requested by the group itself. In milliseconds. */
const RAISED_MS = 120_000;

export const NEW_FLEET: FleetRow = {
  ...{ id: FLEET_ROW_ID, machines: {}, boots: {}, speeds: {}, densities: {}, failed_boots: 0, arrivals: [] },
};

/** What the sizer observes. Instants are epoch milliseconds. */
export interface Observation {
  /** The machines of the group that do not terminate. */
  machines: readonly { id: string; type?: string }[];
  /** Rows of these machines and of those in the fleet's row, by instance id. */
  rows: ReadonlyMap<string, MachineRow>;
  /** When the waiting jobs arrived. */
  arrivals: readonly number[];
  now: number;
}

/** What is known of the fleet after an observation. */
export function learnt(fleet: FleetRow, seen: Observation): FleetRow {
  const present = new Map(seen.machines.map(({ id, type }) => [id, type]));
  const next: FleetRow = { ...fleet, machines: {}, arrivals: arrivalsAfter(fleet, seen.arrivals) };
  for (const id of new Set([...Object.keys(fleet.machines), ...present.keys()])) {
    const row = seen.rows.get(id);
    const type = present.get(id);
    const known = fleet.machines[id] ?? {
      requested_at: requestedAt(fleet, seen.now),
      ...(type !== undefined && { type }),
    };
    const machine = fromRow(next, known, row);
    if (present.has(id)) next.machines[id] = machine;
    else if (machine.learnt_at === undefined && row?.notice_at === undefined) next.failed_boots++;
  }
  return next;
}

const requestedAt = ({ raised_at = -Infinity }: FleetRow, now: number): number =>
  now - raised_at <= RAISED_MS ? raised_at : now;

/** Changes what is known of the fleet by the row of a machine. @returns what is known of the machine */
function fromRow(fleet: FleetRow, machine: KnownMachine, row: MachineRow | undefined): KnownMachine {
  const { ready_at, heartbeat_at, speeds = {}, densities = {} } = row ?? {};
  if (ready_at === undefined || heartbeat_at === undefined) return machine;
  const { type = '', learnt_at, requested_at } = machine;
  if (learnt_at === undefined) {
    if (requested_at !== undefined) {
      const boot = Math.max(1, (ready_at - requested_at) / 1000);
      fleet.boots = { ...fleet.boots, [type]: blend(fleet.boots[type], boot) };
    }
    fleet.failed_boots = 0;
  }
  if (heartbeat_at > (learnt_at ?? 0)) {
    fleet.speeds = { ...fleet.speeds, [type]: blendAll(fleet.speeds[type] ?? {}, speeds) };
    fleet.densities = blendAll(fleet.densities, densities);
  }
  return { ...(machine.type !== undefined && { type: machine.type }), learnt_at: heartbeat_at };
}

const blend = (old: number | undefined, value: number): number =>
  old === undefined ? value : old + WEIGHT * (value - old);

const blendAll = (old: Measures, values: Measures): Measures => ({
  ...old,
  ...Object.fromEntries(
    (Object.entries(values) as [Unit, number][]).map(([unit, value]) => [unit, blend(old[unit], value)]),
  ),
});

function arrivalsAfter({ arrivals }: FleetRow, more: readonly number[]): number[] {
  const last = arrivals.at(-1) ?? -Infinity;
  const newer = more.filter((each) => each > last).sort((one, other) => one - other);
  return [...arrivals, ...newer].slice(-ARRIVALS);
}

const mean = (values: readonly number[]): number | undefined =>
  values.length === 0 ? undefined : values.reduce((sum, value) => sum + value, 0) / values.length;

/**
 * Seconds that a machine takes to boot.
 *
 * @param type of the machine. @default - not known yet: the mean of all types
 */
export const bootSeconds = ({ boots }: Pick<FleetRow, 'boots'>, type?: string): number =>
  knownBoot({ boots }, type) ?? DEFAULT_BOOT_SECONDS;

/** Like {@link bootSeconds}; undefined before the first machine of the fleet was ready. */
export const knownBoot = ({ boots }: Pick<FleetRow, 'boots'>, type?: string): number | undefined =>
  boots[type ?? ''] ?? mean(Object.values(boots));

/** Units of work in a second, for a machine whose type is not known: the mean of all types. */
export const speedsOf = ({ speeds }: Pick<FleetRow, 'speeds'>): Measures =>
  Object.fromEntries(
    (Object.keys(DEFAULT_SPEED) as Unit[]).flatMap((unit) => {
      const speed = mean(Object.values(speeds).flatMap((each) => each[unit] ?? []));
      return speed === undefined ? [] : [[unit, speed]];
    }),
  );
