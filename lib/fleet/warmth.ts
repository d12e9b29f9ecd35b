import { priceOf } from '../../core/prices/prices';
import { balancerCost } from '../http/balancer-cost';
import { parseWarmHours, WEEKDAYS } from '../../core/fleet/warm-hours';
import { type Settings, SettingsError } from '../settings';

/** When machines are kept warm: from one time of day to a later one, on some days of the week. */
export interface WarmHours {
  /** Such as `MON-FRI 08:00-18:00`. */
  readonly text: string;
  /** IANA name: the hours follow its clock, daylight saving included. */
  readonly timeZone: string;
  readonly hoursAWeek: number;
}

/** Machines that run though nothing is queued, because callers wait for them. */
export interface Warmth {
  readonly machines: number;
  /** @default - all the time */
  readonly hours?: WarmHours;
}

const HOURS_A_WEEK = 7 * 24;
const WEEKS_A_MONTH = 365.25 / 7 / 12;

/**
 * What the settings say of warm machines.
 *
 * @throws SettingsError if there are more of them than machines, or their hours end before they begin
 */
export function warmth(settings: Settings): Warmth {
  const { warmMachines: machines, maxMachines, warmHours } = settings;
  if (machines > maxMachines) {
    throw new SettingsError(
      `Setting "warmMachines" must be at most "maxMachines", which is ${maxMachines}; got ${machines}. ` +
        'Lower it, or raise "maxMachines".',
    );
  }
  return { machines, hours: warmHours === undefined ? undefined : hours(warmHours, settings.warmTimeZone) };
}

/** What warm machines and the load balancer cost a month, in a sentence for whoever deploys them. */
export function monthlyCost({ machines, hours }: Warmth, instanceType: string): string {
  const month = WEEKS_A_MONTH * (hours?.hoursAWeek ?? HOURS_A_WEEK);
  const { perHour, source } = priceOf({ instance_type: instanceType, capacity: 'spot' });
  const balancer = dollars(balancerCost());
  const beside = `The load balancer costs about ${balancer} a month beside that, whatever runs behind it.`;
  if (machines === 0) return `No machine is kept warm, which costs nothing. ${beside}`;
  const kept = `${machines} warm ${machines === 1 ? 'machine' : 'machines'} (${instanceType}, spot) for ${Math.round(month)} hours`;
  if (perHour === null) return `Keeping ${kept} a month costs what they cost: ${source}. ${beside}`;
  return (
    `Keeping ${kept} costs about ${dollars(machines * month * perHour)} a month at $${perHour} an hour (${source}). ` +
    `${beside} "warmMachines" and "warmHours" set how many, and when.`
  );
}

function hours(text: string, timeZone: string): WarmHours {
  const { firstDay, lastDay, from, to } = parseWarmHours(text);
  if (lastDay < firstDay || to <= from) {
    throw new SettingsError(
      `Setting "warmHours" must end after it begins, in the week (${WEEKDAYS[0]} to ${WEEKDAYS.at(-1)}) and on the day; ` +
        `got "${text}". Write it like MON-FRI 08:00-18:00.`,
    );
  }
  return { text, timeZone, hoursAWeek: ((lastDay - firstDay + 1) * (to - from)) / 60 };
}

const dollars = (amount: number) => `$${amount.toFixed(amount < 10 ? 2 : 0)}`;
