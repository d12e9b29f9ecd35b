import * as z from 'zod/mini';
import { CAPACITIES } from './names';

/** What a machine knows of itself, written at boot for the containers (which cannot reach its metadata). */
export const Machine = z.object({
  instance_id: z.string(),
  instance_type: z.string(),
  capacity: z.enum(CAPACITIES),
  availability_zone: z.string(),
});
export type Machine = z.infer<typeof Machine>;

/**
 * What is known about a machine of the fleet, in the jobs table, with `machineRowId` as its id. The worker writes its
 * heartbeat; the sizer writes the rest. Instants are epoch milliseconds.
 */
export const MachineRow = z.object({
  id: z.string(),
  /** Last heartbeat. @default - the worker has written none */
  heartbeat_at: z.optional(z.number()),
  /** For how long the worker had had no work at that heartbeat, in seconds; 0 also before its models are ready. */
  idle_seconds: z.optional(z.number()),
  /** Since when every look of the sizer has found no recent heartbeat; a heartbeat removes it. */
  silent_since: z.optional(z.number()),
  /** Last look of the sizer that found no recent heartbeat. */
  looked_at: z.optional(z.number()),
  /** When the sizer last tried to end the machine. */
  ending_at: z.optional(z.number()),
  /** Epoch seconds at which the row is deleted (the table's TTL). */
  expires_at: z.number(),
});
export type MachineRow = z.infer<typeof MachineRow>;

/** Makes sizings of a fleet run one at a time: a row of the jobs table with `SIZING_ROW_ID` as its id. */
export const SizingRow = z.object({
  id: z.string(),
  /** Random id of the run that sizes the fleet. @default - none does */
  holder: z.optional(z.string()),
  /** Epoch milliseconds after which the holder no longer runs. */
  held_until: z.optional(z.number()),
  /** Another run has asked meanwhile: the holder sizes once more. */
  again: z.optional(z.boolean()),
});
export type SizingRow = z.infer<typeof SizingRow>;

/** Event of the function that sizes the fleet. A job that comes in sends none: it can only raise the fleet. */
export const SizeFleetEvent = z.object({
  /** Also looks for machines that must end. The schedule sends it, once all workers write heartbeats. @default false */
  watch: z.optional(z.boolean()),
});
export type SizeFleetEvent = z.infer<typeof SizeFleetEvent>;
