import type { KeyRow, UsageResponse } from '../contract/usage';

/** What a key may use on a UTC day, and what it has used. Seconds of audio. */
export interface Quota {
  /** Undefined for a key without a limit. */
  limitSeconds: number | undefined;
  usedSeconds: number;
}

const DAY_SECONDS = 86_400;

/** The UTC day that an instant belongs to, such as `2026-03-01`: quotas begin anew with each. */
export const dayOf = (now: Date): string => now.toISOString().slice(0, 10);

/** When the next UTC day begins. */
export const resetOf = (now: Date): Date => new Date(Date.parse(dayOf(now)) + DAY_SECONDS * 1000);

/** Whole seconds until then, at least 1: who waits so long finds a new quota. */
export const secondsUntilReset = (now: Date): number =>
  Math.ceil((resetOf(now).getTime() - now.getTime()) / 1000);

/**
 * Seconds of audio that a key may use each day; undefined for no limit.
 *
 * @param defaultMinutes what the deployment allows keys that have no number of their own. @default - no limit
 */
export function limitSeconds(
  { minutes_per_day }: Pick<KeyRow, 'minutes_per_day'>,
  defaultMinutes?: number,
): number | undefined {
  const minutes = minutes_per_day === undefined ? defaultMinutes : (minutes_per_day ?? undefined);
  return minutes === undefined ? undefined : minutes * 60;
}

/** Whether nothing is left. As long as something is, a request may use more than that. */
export const isUsedUp = ({ limitSeconds, usedSeconds }: Quota): boolean =>
  limitSeconds !== undefined && usedSeconds >= limitSeconds;

/** Headers for every answer to a key with a quota, in the manner of OpenAI's `x-ratelimit-…`. */
export function quotaHeaders(quota: Quota, now: Date): Record<string, string> {
  const { limit_seconds, remaining_seconds } = usageOf(quota, now);
  if (limit_seconds === null || remaining_seconds === null) return {};
  return {
    'x-ratelimit-limit-audio-seconds': String(Math.floor(limit_seconds)),
    'x-ratelimit-remaining-audio-seconds': String(Math.floor(remaining_seconds)),
    // A duration, as OpenAI writes it.
    'x-ratelimit-reset-audio-seconds': `${secondsUntilReset(now)}s`,
  };
}

/** What a key has used of the day and has left: the answer to `GET /v1/usage`. */
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

/** Why nothing more is taken today, for who has a 429. */
export function usedUpMessage({ limitSeconds = 0, usedSeconds }: Quota, now: Date): string {
  const minutes = (seconds: number) => String(Math.round(seconds / 6) / 10);
  return (
    `This key's quota of ${minutes(limitSeconds)} minutes of audio per day is used up (${minutes(usedSeconds)} used). ` +
    `It begins anew at ${resetOf(now).toISOString()}; whoever made the key can raise it`
  );
}

/**
 * Headers of the 429 besides. `x-should-retry` keeps OpenAI's clients from repeating it at once, which they do with any
 * other 429.
 */
export const usedUpHeaders = (now: Date): Record<string, string> => ({
  'retry-after': String(secondsUntilReset(now)),
  'x-should-retry': 'false',
});
