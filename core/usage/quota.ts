import type { KeyRow, UsageResponse } from '../contract/usage';

/** Limit and usage of a key on a UTC day, in seconds of audio. */
export interface Quota {
  /** Undefined for a key without a limit. */
  limitSeconds: number | undefined;
  usedSeconds: number;
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
 * Seconds of audio that a key may use each day; undefined for no limit.
 *
 * @param defaultMinutes limit of keys without their own one. @default - no limit
 */
export function limitSeconds(
  { minutes_per_day }: Pick<KeyRow, 'minutes_per_day'>,
  defaultMinutes?: number,
): number | undefined {
  const minutes = minutes_per_day === undefined ? defaultMinutes : (minutes_per_day ?? undefined);
  return minutes === undefined ? undefined : minutes * 60;
}

/** Whether the quota is used up. A request may exceed the remaining quota if any is left. */
export const isUsedUp = ({ limitSeconds, usedSeconds }: Quota): boolean =>
  limitSeconds !== undefined && usedSeconds >= limitSeconds;

/** Headers for every answer to a key with a quota, like OpenAI's `x-ratelimit-…`. */
export function quotaHeaders(quota: Quota, now: Date): Record<string, string> {
  const { limit_seconds, remaining_seconds } = usageOf(quota, now);
  if (limit_seconds === null || remaining_seconds === null) return {};
  return {
    'x-ratelimit-limit-audio-seconds': String(Math.floor(limit_seconds)),
    'x-ratelimit-remaining-audio-seconds': String(Math.floor(remaining_seconds)),
    // A duration in OpenAI's format.
    'x-ratelimit-reset-audio-seconds': `${secondsUntilReset(now)}s`,
  };
}

/** Usage and remaining quota of a key on a day: the response of `GET /v1/usage`. */
export function usageOf({ limitSeconds, usedSeconds }: Quota, now: Date): UsageResponse {
  return {
    object: 'usage',
    day: dayOf(now),
    limit_seconds: limitSeconds ?? null,
    used_seconds: usedSeconds,
    remaining_seconds:
      limitSeconds === undefined ? null : Math.max(0, thousandths(limitSeconds - usedSeconds)),
    resets_at: resetOf(now).toISOString(),
  };
}

const thousandths = (seconds: number) => Math.round(seconds * 1000) / 1000;

/** The message of a 429 for a quota that is used up. */
export function usedUpMessage({ limitSeconds = 0, usedSeconds }: Quota, now: Date): string {
  const minutes = (seconds: number) => String(Math.round(seconds / 6) / 10);
  return (
    `This key's quota of ${minutes(limitSeconds)} minutes of audio per day is used up (${minutes(usedSeconds)} used). ` +
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
