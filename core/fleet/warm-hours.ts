export const WEEKDAYS = ['MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT', 'SUN'];
const DAY = `(${WEEKDAYS.join('|')})`;
const TIME = '([01][0-9]|2[0-3]):([0-5][0-9])';

/** `MON-FRI 08:00-18:00`: first and last day, start and end time. */
export const WARM_HOURS = new RegExp(`^${DAY}(?:-${DAY})? ${TIME}-${TIME}$`);

/** When machines are kept warm: days of the week, and a start and end time on each. */
export interface WarmHours {
  /** Indexes into {@link WEEKDAYS}. */
  firstDay: number;
  lastDay: number;
  /** Minutes since midnight; `to` is excluded. */
  from: number;
  to: number;
}

/** Parses text that matches {@link WARM_HOURS}. */
export function parseWarmHours(text: string): WarmHours {
  const [, first = '', last = first, fromHour, fromMinute, toHour, toMinute] = WARM_HOURS.exec(text) ?? [];
  return {
    firstDay: WEEKDAYS.indexOf(first),
    lastDay: WEEKDAYS.indexOf(last),
    from: Number(fromHour) * 60 + Number(fromMinute),
    to: Number(toHour) * 60 + Number(toMinute),
  };
}

export interface WarmSettings {
  machines: number;
  /** In the format of the setting `warmHours`. @default - always */
  hours?: string;
  /** IANA time zone of the hours, including daylight saving time. */
  timeZone?: string;
}

/** Number of machines to keep warm at an instant. */
export function warmMachines({ machines, hours, timeZone }: WarmSettings, now: Date): number {
  if (hours === undefined || machines === 0) return machines;
  const { firstDay, lastDay, from, to } = parseWarmHours(hours);
  const { day, minute } = localTime(now, timeZone);
  return day >= firstDay && day <= lastDay && minute >= from && minute < to ? machines : 0;
}

function localTime(now: Date, timeZone = 'Etc/UTC'): { day: number; minute: number } {
  const format = new Intl.DateTimeFormat('en-US', {
    ...{ timeZone, hourCycle: 'h23', weekday: 'short', hour: 'numeric', minute: 'numeric' },
  });
  const parts = Object.fromEntries(format.formatToParts(now).map(({ type, value }) => [type, value]));
  return {
    day: WEEKDAYS.indexOf((parts.weekday ?? '').toUpperCase()),
    minute: Number(parts.hour) * 60 + Number(parts.minute),
  };
}
