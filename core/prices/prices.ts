import type { Machine } from '../contract/machine';
import type { Receipt } from '../contract/job';
import type { Measures } from '../contract/values';
import { machineCost } from './rates';

/**
 * On-demand list prices in US dollars per hour: Linux in us-east-1, EC2's public price list as of
 * November 2026.
 */
const LIST_PRICE: Record<string, number> = {
  'g4dn.xlarge': 0.526,
  'g4dn.2xlarge': 0.752,
  'g5.xlarge': 1.006,
  'g6.xlarge': 0.8048,
};

/**
 * Ratio of spot to list price: a g4dn.xlarge cost about $0.20 on the spot market in November 2026.
 * Spot prices vary by zone and by hour, so the result is an estimate and labelled as one.
 */
const SPOT_FRACTION = 0.2 / 0.526;

/** Dollars per hour for a machine's public IPv4 address. */
const ADDRESS_PRICE = 0.005;

export interface Price {
  /** Dollars per hour, IPv4 address included; null if no price is known. */
  perHour: number | null;
  /** Source of the price, as text. */
  source: string;
}

export function priceOf({ instance_type, capacity }: Pick<Machine, 'instance_type' | 'capacity'>): Price {
  if (capacity === 'local') return { perHour: 0, source: 'your own machine' };
  const list = LIST_PRICE[instance_type];
  if (list === undefined) return { perHour: null, source: `no price is known for ${instance_type}` };
  return capacity === 'spot'
    ? {
        perHour: round(list * SPOT_FRACTION + ADDRESS_PRICE, 4),
        source: 'estimate: typical spot share of the us-east-1 list price of November 2026',
      }
    : { perHour: round(list + ADDRESS_PRICE, 4), source: 'us-east-1 list price of November 2026' };
}

/**
 * The time and cost of a job, without the machine's boot and idle time.
 *
 * @param measures work by unit
 * @param seconds time since the input's arrival; time that machines spent on the job
 * @param earlier receipt of the job before its missing tasks were retried, which is added. @default -
 *   not retried
 */
export function receipt(
  machine: Machine,
  measures: Measures,
  seconds: { sinceQueued: number; processing: number },
  earlier?: Receipt,
): Receipt {
  const { perHour, source } = priceOf(machine);
  const own = perHour === null ? null : machineCost(perHour, seconds.processing);
  const before = earlier === undefined ? 0 : earlier.cost;
  const cost = own === null || before === null ? null : own + before;
  const processing = seconds.processing + (earlier?.processing_seconds ?? 0);
  const queue = Math.max(0, seconds.sinceQueued - seconds.processing) + (earlier?.queue_seconds ?? 0);
  const amounts = Object.entries(measures).map(([unit, amount]) => [unit, round(amount, 3)] as const);
  const audio = measures.audio_second ?? 0;
  return {
    measures: Object.fromEntries(amounts),
    audio_seconds: round(audio, 3),
    queue_seconds: round(queue, 3),
    processing_seconds: round(processing, 3),
    real_time_factor: round(audio / Math.max(processing, 0.001), 3),
    machine_type: machine.instance_type,
    capacity: machine.capacity,
    price_per_hour: perHour,
    price_source: source,
    cost: cost === null ? null : round(cost, 8),
    cost_per_audio_minute: cost === null || audio === 0 ? null : round((cost / audio) * 60, 8),
    ...(cost !== null && {
      cost_per_unit: Object.fromEntries(
        amounts.flatMap(([unit, amount]) => (amount === 0 ? [] : [[unit, round(cost / amount, 12)]])),
      ),
    }),
  };
}

const round = (value: number, digits: number) => Number(value.toFixed(digits));
