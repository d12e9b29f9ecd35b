import { type Unit, UNITS } from '../contract/names';
import type { KeyRow, UsageResponse } from '../contract/usage';
import type { Measures } from '../contract/values';
import { UNIT } from './units';

/**
 * Limits and usage of a key on a UTC day, by unit. A unit without a limit is missing in `limits`. What
 * is reserved for open jobs is used.
 */
export interface Quota {
  limits: Measures;
  used: Measures;
}

const DAY_SECONDS = 86_400;

/** The UTC day of an instant, such as `2026-03-01`. Quotas are reset every day. */
export const dayOf = (now: Date): string => now.toISOString().slice(0, 10);

/** When the next UTC day begins. */
export const resetOf = (now: Date): Date => new Date(Date.parse(dayOf(now)) + DAY_SECONDS * 1000);

/**
 * Whole seconds until the next reset, at least 1. Rounded up, so the quota is reset after that
 * time.
 */
export const secondsUntilReset = (now: Date): number =>
  Math.ceil((resetOf(now).getTime() - now.getTime()) / 1000);

/**
 * What a key may use each day, by unit.
 *
 * @param defaultMinutes limit of audio for keys without their own one. @default - no limit
 */
export function limitsOf(
  { minutes_per_day, units_per_day }: Pick<KeyRow, 'minutes_per_day' | 'units_per_day'>,
  defaultMinutes?: number,
): Measures {
  const minutes = minutes_per_day === undefined ? defaultMinutes : (minutes_per_day ?? undefined);
  return { ...units_per_day, ...(minutes !== undefined && { audio_second: minutes * 60 }) };
}

/** Whether any unit has a limit. */
export const isLimited = (limits: Measures): boolean => Object.keys(limits).length > 0;

/** Adds measures to the usage. */
export const added = (used: Measures, more: Measures): Measures => {
  const sum = (unit: Unit) => (used[unit] ?? 0) + (more[unit] ?? 0);
  return Object.fromEntries(UNITS.filter((unit) => sum(unit) > 0).map((unit) => [unit, sum(unit)]));
};

/** Measures minus others, by unit. May be negative. Without the noise of binary fractions. */
export const difference = (measures: Measures, others: Measures = {}): Measures => {
  const units = UNITS.filter((unit) => measures[unit] !== undefined || others[unit] !== undefined);
  const left = (unit: Unit) => Math.round(((measures[unit] ?? 0) - (others[unit] ?? 0)) * 1e6) / 1e6;
  return Object.fromEntries(units.map((unit) => [unit, left(unit)]));
};

/**
 * The first of these units whose quota is used up. A request may exceed the remaining quota if any
 * is left.
 */
export const usedUp = ({ limits, used }: Quota, units: readonly Unit[]): Unit | undefined =>
  units.find((unit) => limits[unit] !== undefined && (used[unit] ?? 0) >= limits[unit]);

/** Headers for every answer to a key with a quota, like OpenAI's `x-ratelimit-…`. */
export function quotaHeaders({ limits, used }: Quota, now: Date): Record<string, string> {
  const headers = UNITS.flatMap((unit) => {
    const limit = limits[unit];
    if (limit === undefined) return [];
    const { header } = UNIT[unit];
    return [
      [`x-ratelimit-limit-${header}`, String(Math.floor(limit))],
      [`x-ratelimit-remaining-${header}`, String(Math.floor(left(limit, used[unit] ?? 0)))],
      // A duration in OpenAI's format.
      [`x-ratelimit-reset-${header}`, `${secondsUntilReset(now)}s`],
    ];
  });
  return Object.fromEntries(headers) as Record<string, string>;
}

/** Usage and remaining quota of a key on a day: the response of `GET /v1/usage`. */
export function usageOf({ limits, used }: Quota, now: Date): UsageResponse {
  const of = (unit: Unit) => {
    const limit = limits[unit] ?? null;
    const usedUnits = used[unit] ?? 0;
    return { limit, used: usedUnits, remaining: limit === null ? null : left(limit, usedUnits) };
  };
  const audio = of('audio_second');
  const shown = UNITS.filter((unit) => limits[unit] !== undefined || used[unit] !== undefined);
  return {
    object: 'usage',
    day: dayOf(now),
    limit_seconds: audio.limit,
    used_seconds: audio.used,
    remaining_seconds: audio.remaining,
    units: Object.fromEntries(shown.map((unit) => [unit, of(unit)])),
    resets_at: resetOf(now).toISOString(),
  };
}

const left = (limit: number, used: number) => Math.max(0, Math.round((limit - used) * 1000) / 1000);

/** The message of a 429 for a quota that is used up. */
export function usedUpMessage({ limits, used }: Quota, unit: Unit, now: Date): string {
  const { shown, shownUnits } = UNIT[unit];
  const amount = (units = 0) => String(Math.round((units / shownUnits) * 10) / 10);
  return (
    `This key's quota of ${amount(limits[unit])} ${shown} per day is used up (${amount(used[unit])} used). ` +
    `It resets at ${resetOf(now).toISOString()}. The administrator who created the key can raise it`
  );
}

/**
 * Additional headers of that 429. `x-should-retry` keeps OpenAI's clients from retrying at once, as
 * they do for other 429s.
 */
export const usedUpHeaders = (now: Date): Record<string, string> => ({
  'retry-after': String(secondsUntilReset(now)),
  'x-should-retry': 'false',
});
