import type { Machine } from '../contract/machine';
import type { Receipt } from '../contract/job';

/**
 * On-demand list prices in US dollars an hour: Linux in us-east-1, EC2's public price list as of November 2026.
 */
const LIST_PRICE: Record<string, number> = {
  'g4dn.xlarge': 0.526,
  'g4dn.2xlarge': 0.752,
  'g5.xlarge': 1.006,
  'g6.xlarge': 0.8048,
};

/**
 * Spot price over list price: a g4dn.xlarge cost about $0.20 on the spot market in November 2026. Spot prices move by
 * zone and by hour, so what comes of this is an estimate, and says so.
 */
const SPOT_FRACTION = 0.2 / 0.526;

/** Dollars an hour of a machine's public IPv4 address. */
const ADDRESS_PRICE = 0.005;

export interface Price {
  /** Dollars an hour, address included; null where none is known. */
  perHour: number | null;
  /** Where it comes from, in words. */
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
 * What a job took and cost. A machine's boot and idle time are on no receipt.
 *
 * @param seconds length of the audio; from its arrival to now; spent by machines on the job
 */
export function receipt(
  machine: Machine,
  seconds: { audio: number; sinceQueued: number; processing: number },
): Receipt {
  const { perHour, source } = priceOf(machine);
  const cost = perHour === null ? null : (perHour * seconds.processing) / 3600;
  return {
    audio_seconds: round(seconds.audio, 3),
    queue_seconds: round(Math.max(0, seconds.sinceQueued - seconds.processing), 3),
    processing_seconds: round(seconds.processing, 3),
    real_time_factor: round(seconds.audio / Math.max(seconds.processing, 0.001), 3),
    machine_type: machine.instance_type,
    capacity: machine.capacity,
    price_per_hour: perHour,
    price_source: source,
    cost: cost === null ? null : round(cost, 8),
    cost_per_audio_minute:
      cost === null || seconds.audio === 0 ? null : round((cost / seconds.audio) * 60, 8),
  };
}

const round = (value: number, digits: number) => Number(value.toFixed(digits));
