import * as z from 'zod/mini';
import { UNITS } from './names';
import { Instant, Seconds } from './values';

const Amount = z.number().check(z.nonnegative());

/** An API key's row. The key itself is shown once and never stored. */
export const KeyRow = z.object({
  /** SHA-256 of the key, in hex: the partition key. */
  key_sha256: z.string(),
  /** Short public id, for listing and revoking. */
  id: z.string(),
  tenant: z.string(),
  name: z.string(),
  created_at: Instant,
  revoked_at: z.optional(Instant),
  /** Minutes of audio per UTC day; null for no limit. @default - the deployment's limit */
  minutes_per_day: z.optional(z.nullable(z.number())),
  /** Limits of the other units per UTC day. @default - no limits */
  units_per_day: z.optional(z.partialRecord(z.enum(UNITS), Amount)),
});
export type KeyRow = z.infer<typeof KeyRow>;

/**
 * How much a key has used on a UTC day, in the jobs table, with `usageId` as its id. It
 * includes what is reserved for open jobs.
 */
export const UsageRow = z.object({
  id: z.string(),
  /** Seconds of audio. */
  seconds: z.optional(Seconds),
  tokens: z.optional(Amount),
  characters: z.optional(Amount),
  items: z.optional(Amount),
  /** Epoch seconds at which the row is deleted (the table's TTL). */
  expires_at: z.number(),
});
export type UsageRow = z.infer<typeof UsageRow>;

/**
 * Response of `GET /v1/usage` for the caller's own key. Seconds of audio; without a limit, two
 * fields are null.
 */
export const UsageResponse = z.object({
  object: z.literal('usage'),
  /** UTC, such as `2026-03-01`. */
  day: z.string(),
  limit_seconds: z.nullable(Seconds),
  used_seconds: Seconds,
  remaining_seconds: z.nullable(Seconds),
  /** Every unit that has a limit or was used. */
  units: z.partialRecord(
    z.enum(UNITS),
    z.object({ limit: z.nullable(Amount), used: Amount, remaining: z.nullable(Amount) }),
  ),
  /** When the next day begins. */
  resets_at: Instant,
});
export type UsageResponse = z.infer<typeof UsageResponse>;
