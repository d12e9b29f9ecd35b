import * as z from 'zod/mini';
import { CAPACITIES } from './names';

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
});
export type SizingRow = z.infer<typeof SizingRow>;

/**
 * Event of the function that sizes the fleet. A new job sends none, because it can only raise the
 * fleet.
 */
export const SizeFleetEvent = z.object({
  /**
   * Also terminates machines that must end. Sent by the schedule, once all workers write
   * heartbeats. @default false
   */
  watch: z.optional(z.boolean()),
});
export type SizeFleetEvent = z.infer<typeof SizeFleetEvent>;
