import { ENV } from '../../core/contract/environment';
import { balancerCost } from '../../core/prices/balancer';
import { priceOf } from '../../core/prices/prices';
import { hoursAMonth, machineCost } from '../../core/prices/rates';
import { parseWarmHours, WEEKDAYS } from '../../core/fleet/warm-hours';
import { type Settings, SettingsError } from '../settings';

/** Hours of warm machines: from one time of day to a later one, on some days of the week. */
export interface WarmHours {
  /** Such as `MON-FRI 08:00-18:00`. */
  readonly text: string;
  /** IANA name. The hours follow its local time, including daylight saving. */
  readonly timeZone: string;
  readonly hoursAWeek: number;
}

/** Machines that run while nothing is queued, for callers who wait for an answer. */
export interface Warmth {
  readonly machines: number;
  /** @default - all the time */
  readonly hours?: WarmHours;
}

const HOURS_A_WEEK = 7 * 24;

/**
 * Reads the warm machines from the settings.
 *
 * @param balanced whether a load balancer sends requests to the machines: callers wait for an answer
 * @throws SettingsError if they exceed `maxMachines`, or their hours end before they begin
 */
export function warmth(settings: Settings, balanced: boolean): Warmth {
  const { warmMachines: machines = balanced ? 1 : 0, maxMachines, warmHours } = settings;
  if (machines > maxMachines) {
    throw new SettingsError(
      `Setting "warmMachines" must be at most "maxMachines" (${maxMachines}); got ${machines}. ` +
        'Lower it, or raise "maxMachines".',
    );
  }
  return { machines, hours: warmHours === undefined ? undefined : hours(warmHours, settings.warmTimeZone) };
}

/** Environment variables for a function that must know which machines the settings keep warm. */
export const warmEnvironment = ({ machines, hours }: Warmth): Record<string, string> => ({
  [ENV.warmMachines]: String(machines),
  ...(hours && { [ENV.warmHours]: hours.text, [ENV.warmTimeZone]: hours.timeZone }),
});

/**
 * Describes the monthly cost of warm machines and the load balancer, for the output of synthesis.
 * Undefined for a path with neither.
 *
 * @param balanced whether the path has a load balancer
 */
export function monthlyCost(kept: Warmth, instanceType: string, balanced: boolean): string | undefined {
  if (kept.machines === 0 && !balanced) return undefined;
  const machines =
    kept.machines === 0
      ? 'No machine is kept warm, which costs nothing.'
      : costOfMachines(kept, instanceType);
  if (!balanced) return machines;
  const balancer = dollars(balancerCost());
  return `${machines} The load balancer costs about ${balancer} a month in addition, even without machines.`;
}

function costOfMachines({ machines, hours }: Warmth, instanceType: string): string {
  const month = hoursAMonth(hours?.hoursAWeek ?? HOURS_A_WEEK);
  const { perHour, source } = priceOf({ instance_type: instanceType, capacity: 'spot' });
  const kept = `${machines} warm ${machines === 1 ? 'machine' : 'machines'} (${instanceType}, spot) for ${Math.round(month)} hours`;
  if (perHour === null) return `The cost of ${kept} a month is unknown: ${source}.`;
  const cost = dollars(machines * machineCost(perHour, 3600 * month));
  return (
    `Keeping ${kept} costs about ${cost} a month at $${perHour} an hour (${source}). ` +
    '"warmMachines" and "warmHours" set their number and hours.'
  );
}

function hours(text: string, timeZone: string): WarmHours {
  const { firstDay, lastDay, from, to } = parseWarmHours(text);
  if (lastDay < firstDay || to <= from) {
    throw new SettingsError(
      `Setting "warmHours" must end after it begins, both the days (${WEEKDAYS[0]} to ${WEEKDAYS.at(-1)}) and the times; ` +
        `got "${text}". Use the format MON-FRI 08:00-18:00.`,
    );
  }
  return { text, timeZone, hoursAWeek: ((lastDay - firstDay + 1) * (to - from)) / 60 };
}

const dollars = (amount: number) => `$${amount.toFixed(amount < 10 ? 2 : 0)}`;
