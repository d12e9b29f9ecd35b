import * as z from 'zod/mini';
import { JobRow } from './job';
import { CAPACITIES } from './names';
import { Count, Measures } from './values';

/**
 * Description of a machine, written at boot for its containers, which cannot reach the instance
 * metadata.
 */
export const Machine = z.object({
  instance_id: z.string(),
  instance_type: z.string(),
  capacity: z.enum(CAPACITIES),
  availability_zone: z.string(),
});
export type Machine = z.infer<typeof Machine>;

/** Says that the machine has fetched and verified all models. It is made anew by every fetch. */
export const ModelsMark = z.object({
  /** Boot id of the kernel: files of an earlier boot may be incomplete. */
  boot: z.string(),
  /** Random id of the fetch. */
  fetch: z.string(),
});
export type ModelsMark = z.infer<typeof ModelsMark>;

/**
 * State of a machine of the fleet, in the jobs table, with `machineRowId` as its id. The worker
 * writes its heartbeat; the sizer writes the rest. Instants are epoch milliseconds.
 */
export const MachineRow = z.object({
  id: z.string(),
  /** Last heartbeat. @default - none yet */
  heartbeat_at: z.optional(z.number()),
  /** Idle time of the worker at that heartbeat, in seconds. 0 before its models are ready. */
  idle_seconds: z.optional(z.number()),
  /** When its models were first ready. @default - not yet */
  ready_at: z.optional(z.number()),
  /** When the worker expects to have finished the jobs that it holds. @default - it holds none */
  busy_until: z.optional(z.number()),
  /** Ids of the jobs that it holds. @default - none */
  holding: z.optional(z.array(z.string())),
  /** Units of work that it does in a second, by unit. @default - it has done too little to say */
  speeds: z.optional(Measures),
  /** Units of work in a byte of input, by unit. @default - as `speeds` */
  densities: z.optional(Measures),
  /** When AWS announced that it will take the machine back. @default - it has not */
  notice_at: z.optional(z.number()),
  /** Since when its worker must take no more jobs and end the machine after its last one. @default - it may take jobs */
  drain_at: z.optional(z.number()),
  /** Since when every check of the sizer has found no recent heartbeat. A heartbeat removes it. */
  silent_since: z.optional(z.number()),
  /** Last check of the sizer that found no recent heartbeat. */
  looked_at: z.optional(z.number()),
  /** When the sizer last tried to terminate the machine. */
  ending_at: z.optional(z.number()),
  /** Epoch seconds at which the row is deleted (the table's TTL). */
  expires_at: z.number(),
});
export type MachineRow = z.infer<typeof MachineRow>;

/**
 * Makes sizings of a fleet run one at a time: a row of the jobs table with `SIZING_ROW_ID` as its
 * id.
 */
export const SizingRow = z.object({
  id: z.string(),
  /** Random id of the run that sizes the fleet. @default - none is running */
  holder: z.optional(z.string()),
  /** Epoch milliseconds after which the holder has stopped. */
  held_until: z.optional(z.number()),
  /** Another run asked in the meantime, so the holder sizes once more. */
  again: z.optional(z.boolean()),
  /** When the last sizing began. Epoch milliseconds. */
  sized_at: z.optional(z.number()),
});
export type SizingRow = z.infer<typeof SizingRow>;

/** What the sizer remembers of a machine, besides the machine's own row. */
const KnownMachine = z.object({
  /**
   * When it was requested, or first seen if that is not known. Epoch milliseconds. @default - forgotten: its worker
   * was ready, and the row of 5,000 machines must stay below 400 KB
   */
  requested_at: z.optional(z.number()),
  /** Such as `g4dn.xlarge`. */
  type: z.optional(z.string()),
  /** Its heartbeat that was last used for learning. @default - its worker was never ready */
  learnt_at: z.optional(z.number()),
});
export type KnownMachine = z.infer<typeof KnownMachine>;

/**
 * What the sizer remembers of the fleet, in the jobs table, with `FLEET_ROW_ID` as its id. Only the
 * holder of `SizingRow` writes it.
 */
export const FleetRow = z.object({
  id: z.string(),
  /**
   * The machines of the group by instance id. Stored in {@link FleetMachinesRow}, and empty in this
   * row: workers read it each minute.
   */
  machines: z.record(z.string(), KnownMachine),
  /** When the sizer last raised the group. Epoch milliseconds. */
  raised_at: z.optional(z.number()),
  /** Since when the group has had fewer machines than it is to have. Epoch milliseconds. @default - it has all */
  short_since: z.optional(z.number()),
  /** Its newest failed launch since then. */
  launch_failure: z.optional(
    z.object({
      /** What AWS says. */
      message: z.string(),
      /** Epoch milliseconds. */
      at: z.number(),
    }),
  ),
  /** When the sizer last asked AWS for failed launches. Epoch milliseconds. */
  failures_read_at: z.optional(z.number()),
  /** When the sizer last read the machines' rows while a long queue waited. Epoch milliseconds. */
  looked_at: z.optional(z.number()),
  /** Seconds from the request of a machine to its readiness, by machine type. */
  boots: z.record(z.string(), z.number()),
  /** Units of work in a second, by machine type. */
  speeds: z.record(z.string(), Measures),
  /** Units of work in a byte of input. */
  densities: Measures,
  /** Machines that ended or were ended before they were ready, since the last one that became ready. */
  failed_boots: Count,
  /** When the latest jobs arrived, the newest last. Epoch milliseconds. */
  arrivals: z.array(z.number()),
});
export type FleetRow = z.infer<typeof FleetRow>;

/**
 * What the sizer remembers of the machines, with `FLEET_MACHINES_ROW_ID` as its id. With 5,000
 * machines it has 300 KB.
 */
export const FleetMachinesRow = z.pick(FleetRow, { id: true, machines: true });
export type FleetMachinesRow = z.infer<typeof FleetMachinesRow>;

/** What the sizer sees of a job that no worker holds: the attributes of `INDEX.waiting`. */
export const WaitingRow = z.object({
  ...z.pick(JobRow, { id: true, estimate: true, input_bytes: true, queued_at: true }).shape,
  waits_from: z.number(),
});
export type WaitingRow = z.infer<typeof WaitingRow>;

/**
 * A request to keep machines running without work, in the jobs table, with `WARM_ROW_ID` as its id.
 * The sizer only reads it.
 */
export const WarmRow = z.object({
  id: z.string(),
  machines: Count,
  /** When the request ends. Epoch milliseconds. */
  until: z.number(),
  /** Epoch seconds at which the row is deleted (the table's TTL). */
  expires_at: z.number(),
});
export type WarmRow = z.infer<typeof WarmRow>;

/**
 * Event of the function that sizes the fleet. Without fields, it only raises the fleet.
 */
export const SizeFleetEvent = z.object({
  /**
   * Also terminates machines that must end. Sent by the schedule, once all workers write
   * heartbeats. @default false
   */
  watch: z.optional(z.boolean()),
  /** Instance id of a machine that AWS takes back in two minutes. @default - none */
  interrupted: z.optional(z.string()),
  /** A job that has just arrived, which the index may not show yet. @default - none */
  arrived: z.optional(WaitingRow),
});
export type SizeFleetEvent = z.infer<typeof SizeFleetEvent>;
