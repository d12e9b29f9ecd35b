import type { WarmView } from '../contract/warm';
import { priceOf } from './prices';
import { machineCost } from './rates';

const CAPACITY = 'spot';

/** The price of machines that are kept warm for some seconds. */
export function warmPrice(
  machine_type: string,
  machines: number,
  seconds: number,
): Pick<
  WarmView,
  'machine_type' | 'capacity' | 'price_per_hour' | 'price_source' | 'cost_per_hour' | 'cost'
> {
  const { perHour, source } = priceOf({ instance_type: machine_type, capacity: CAPACITY });
  const costOf = (time: number) =>
    perHour === null ? null : Number((machines * machineCost(perHour, time)).toFixed(4));
  return {
    machine_type,
    capacity: CAPACITY,
    price_per_hour: perHour,
    price_source: source,
    cost_per_hour: costOf(3600),
    cost: costOf(seconds),
  };
}
