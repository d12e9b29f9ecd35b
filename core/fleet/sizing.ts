import type { FleetRow, WaitingRow } from '../contract/machine';
import type { Unit } from '../contract/names';
import { capacity, type GroupMachine, isBooting } from './capacity';
import { bootSeconds, speedsOf } from './learning';
import {
  type FleetMachine,
  machinesToAdd,
  MANY_JOBS,
  type Schedule,
  type WaitingJob,
} from './list-scheduling';
import { estimatedSeconds, UNKNOWN_SECONDS } from './work-rates';

/** How a fleet weighs cost against waiting. `warm` differs from `standard` in its idle time only. */
export const FLEET_MODES = {
  standard: { patience: 2, drain: 2 },
  economy: { patience: 2.5, drain: 5 },
  warm: { patience: 2, drain: 2 },
} as const;
export type FleetMode = keyof typeof FLEET_MODES;

/** The sizer's view of the queue, of the synchronous requests and of the fleet. */
export interface FleetState {
  /** Jobs that no worker holds, the oldest first: at most one more than {@link MANY_JOBS}. */
  jobs: readonly WaitingRow[];
  /** Messages in the queue, as SQS counts them: up to a minute late. */
  messages: number;
  /** Messages that workers hold, likewise. */
  inFlight: number;
  /** Synchronous requests in work or admitted to wait: the mean of a minute. */
  requestsInFlight: number;
  /** Requests in flight that one machine can handle. */
  requestsPerMachine: number;
  /** The machines of the group that do not terminate. */
  machines: readonly GroupMachine[];
  /** Desired capacity of the group. */
  desired: number;
  /** Machines to keep running without work. */
  warm: number;
  maxMachines: number;
  schedule: Pick<Schedule, 'patience' | 'drain'>;
  /** Unit of the path's jobs. */
  unit: Unit;
  /** Jobs, waiting or held, for one machine, instead of a plan of their work. @default - a plan */
  jobsPerMachine?: number;
  fleet: FleetRow;
  /** Epoch milliseconds. */
  now: number;
}

/**
 * Desired number of machines, at most `maxMachines`. Never lower than the group's current value, because a lower one
 * would terminate working machines.
 */
export function desiredMachines(state: FleetState): number {
  const { desired, warm, maxMachines } = state;
  const wanted =
    state.jobsPerMachine === undefined ? desired + toAdd(state) : counted(state, state.jobsPerMachine);
  return Math.max(Math.min(wanted, maxMachines), desired, warm);
}

/** Machines by the number of jobs. */
function counted(state: FleetState, jobsPerMachine: number): number {
  const jobs = state.messages + state.inFlight;
  return Math.ceil(jobs / jobsPerMachine + state.requestsInFlight / state.requestsPerMachine);
}

/** Machines to launch now for the work that waits. */
function toAdd(state: FleetState): number {
  const { machines, desired, fleet, now } = state;
  const { free, added } = afterRequests(capacity(machines, desired, fleet, now), state);
  const schedule = { boot: bootSeconds(fleet), ...state.schedule };
  const { jobs, more } = waitingWork(state);
  return Math.min(added + machinesToAdd(free, jobs, schedule, more), mostLaunches(state));
}

/** The machines without those that requests keep busy, and the machines that are missing for requests. */
function afterRequests(
  machines: readonly FleetMachine[],
  { requestsInFlight, requestsPerMachine }: FleetState,
) {
  const needed = requestsInFlight / requestsPerMachine;
  const free = [...machines].sort((one, other) => one.freeIn - other.freeIn).slice(Math.floor(needed));
  return { free, added: Math.max(0, Math.ceil(needed) - machines.length) };
}

/** Seconds of work in the queue: of each job, and of the jobs beyond those that were read. */
function waitingWork({ jobs: rows, messages, machines, desired, fleet, unit, now }: FleetState) {
  const held = new Set(machines.flatMap(({ row }) => row?.holding ?? []));
  const rates = { speeds: speedsOf(fleet), densities: fleet.densities };
  const known = rows
    .filter(({ id }) => !held.has(id))
    .map((row) => ({ row, work: estimatedSeconds(row, rates, unit) }));
  const measured = known.flatMap(({ work }) => work ?? []);
  const mean = measured.reduce((sum, work) => sum + work, 0) / measured.length || UNKNOWN_SECONDS;
  const jobs: WaitingJob[] = known.map(({ row, work = mean }) => ({
    waited: Math.max(0, (now - row.waits_from) / 1000),
    work,
  }));
  // The table may not show a job that an earlier version queued. Machines take it anyway, if there are any.
  if (jobs.length === 0 && desired === 0)
    jobs.push(...Array.from({ length: Math.min(messages, MANY_JOBS) }, () => ({ waited: 0, work: mean })));
  return { jobs, more: rows.length > MANY_JOBS ? Math.max(0, messages - rows.length) * mean : 0 };
}

/** After so many machines that did not become ready, only one boots at a time, after a growing pause. */
export const FAILED_BOOTS = 3;

/** First and longest pause, in seconds. */
const PAUSE = { first: 60, longest: 3600 };

/** Machines that may be launched now. When machines fail to boot, more of them only cost money. */
function mostLaunches({ fleet, machines, desired, now }: FleetState): number {
  const { failed_boots, raised_at = -Infinity } = fleet;
  if (failed_boots < FAILED_BOOTS) return Infinity;
  const pause = Math.min(PAUSE.longest, PAUSE.first * 2 ** (failed_boots - FAILED_BOOTS));
  const booting = machines.filter(isBooting).length + Math.max(0, desired - machines.length);
  return booting === 0 && now - raised_at >= pause * 1000 ? 1 : 0;
}

/** Number of jobs and requests, waiting or in work. */
export const workIn = ({
  messages,
  inFlight,
  requestsInFlight,
}: Pick<FleetState, 'messages' | 'inFlight' | 'requestsInFlight'>): number =>
  messages + inFlight + requestsInFlight;
