import type { KeyRow } from '../../../../core/contract/usage';
import {
  isUsedUp,
  limitSeconds,
  type Quota,
  quotaHeaders,
  usedUpHeaders,
  usedUpMessage,
} from '../../../../core/usage/quota';
import type { UsageStore } from '../../../../core/usage/usage-store';
import type { Log } from '../log';
import { Refusal } from './refusal';

/** What a caller may use, where nobody stands before the machine who would ask for it: on the worker's public server. */
export class Metering {
  /** @param minutesPerDay for keys without a number of their own. @default - no limit */
  constructor(
    private readonly usage: Pick<UsageStore, 'used' | 'addOnce'>,
    private readonly log: Log,
    private readonly minutesPerDay?: number,
  ) {}

  /**
   * Lets a key in that has something left. Nothing is read for one without a quota.
   *
   * @returns headers for the answer
   * @throws Refusal (429) if nothing is left, (503) if that cannot be found out
   */
  async admit(key: KeyRow): Promise<Record<string, string>> {
    const limit = limitSeconds(key, this.minutesPerDay);
    if (limit === undefined) return {};
    const now = new Date();
    const quota: Quota = { limitSeconds: limit, usedSeconds: await this.used(key, now) };
    const headers = quotaHeaders(quota, now);
    if (!isUsedUp(quota)) return headers;
    const more = { ...headers, ...usedUpHeaders(now) };
    throw new Refusal(429, 'quota_exceeded', usedUpMessage(quota, now), more);
  }

  /**
   * Counts audio that was worked on, once if the request is repeated. What cannot be counted is given away: the work is done.
   *
   * @param request its body's hash, and the seconds of audio in it
   */
  async count(key: KeyRow, request: { sha256: string; seconds: number }): Promise<void> {
    try {
      await this.usage.addOnce(key.id, request, new Date());
    } catch (error) {
      this.log.error({ err: error, key_id: key.id, seconds: request.seconds }, 'audio could not be counted');
    }
  }

  private async used({ id }: KeyRow, now: Date): Promise<number> {
    try {
      return await this.usage.used(id, now);
    } catch (cause) {
      const message = 'The quota of the key cannot be read at present. Try again in a moment';
      throw new Refusal(503, 'busy', message, { 'retry-after': '2' }, { cause });
    }
  }
}
