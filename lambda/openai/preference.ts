import { Refusal } from '../frame/refusal';
import { shown } from '../../core/contract/text';

/** How the caller wants to be answered. */
export interface Preference {
  /**
   * Longest time in seconds to wait for the transcript. 0 with `async` creates a job at once,
   * without asking a machine.
   */
  waitSeconds: number;
  /** Whether a job may be created. */
  job: boolean;
  /** Whether the answer may be the job, with status 202. */
  async: boolean;
}

/**
 * Reads the header `Prefer` (RFC 7240, sections 4.1 and 4.3). `respond-async` requests a job, at
 * once or after `wait` seconds if both are given. `wait` alone requests a transcript within that
 * time and creates no job. Other preferences are ignored, as the RFC requires. The query parameter
 * `async=true` is the same as `respond-async`, for clients that cannot set headers.
 *
 * @throws Refusal (400) if `async` is neither true nor false
 */
export function preferenceOf(
  header: string | undefined,
  longestSeconds: number,
  asyncParameter?: string,
): Preference {
  const tokens = (header ?? '')
    .toLowerCase()
    .split(',')
    .map((part) => (part.split(';')[0] ?? '').trim());
  const wait = tokens.map((token) => /^wait\s*=\s*"?(\d{1,9})"?$/.exec(token)?.[1]).find(Boolean);
  const async = tokens.includes('respond-async') || isTrue(asyncParameter ?? 'false');
  const longest = async && wait === undefined ? 0 : longestSeconds;
  return {
    waitSeconds: wait === undefined ? longest : Math.min(Number(wait), longestSeconds),
    job: async || wait === undefined,
    async,
  };
}

function isTrue(value: string): boolean {
  if (value === 'true' || value === '1') return true;
  if (value === 'false' || value === '0') return false;
  const message = `"async" must be true or false; got ${shown(value)}`;
  throw new Refusal(400, 'invalid_request', message, { param: 'async' });
}
