import * as z from 'zod/mini';
import { CAPACITIES } from './names';
import { text } from './text';
import { Count, Instant } from './values';

/** Body of `POST /v1/fleet/warm`. */
export const WarmRequest = z.strictObject({
  /** Machines to keep running without work, at most the setting `maxMachines`. @default 1 */
  machines: z.optional(z.int().check(z.minimum(1))),
  /** How long, such as `30m`, `2h`, `90s` or `1h30m`; at most 24 hours. @default '30m' */
  for: z.optional(text(100)),
});
export type WarmRequest = z.infer<typeof WarmRequest>;

const Dollars = z.nullable(z.number().check(z.nonnegative()));

/**
 * Response of `POST`, `GET` and `DELETE /v1/fleet/warm`. Amounts are in US dollars, and null if no
 * price is known for the machine type.
 */
export const WarmView = z.object({
  object: z.literal('fleet.warm'),
  /** Machines that the request keeps running; 0 without a request. */
  machines: Count,
  /** When the request ends; null without a request. */
  until: z.nullable(Instant),
  /** Machines that the settings keep running now. The larger of the two numbers applies. */
  scheduled_machines: Count,
  /** The type that is launched first, and its purchase option. */
  machine_type: z.string(),
  capacity: z.enum(CAPACITIES),
  /** Of one machine. */
  price_per_hour: Dollars,
  price_source: z.string(),
  /** Of the machines of the request. */
  cost_per_hour: Dollars,
  /** Of the machines of the request, from now to its end. */
  cost: Dollars,
});
export type WarmView = z.infer<typeof WarmView>;
