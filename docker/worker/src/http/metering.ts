import type { Unit } from '../../../../core/contract/names';
import type { KeyRow } from '../../../../core/contract/usage';
import type { Measures } from '../../../../core/contract/values';
import {
  isLimited,
  limitsOf,
  type Quota,
  quotaHeaders,
  usedUp,
  usedUpHeaders,
  usedUpMessage,
} from '../../../../core/usage/quota';
import type { UsageStore } from '../../../../core/usage/usage-store';
import type { Log } from '../log';
import { Refusal } from './refusal';

/**
 * Checks and counts the quota of a key on the worker's public server, which no API gateway
 * precedes.
 */
export class Metering {
  /**
   * @param unit of the work
   * @param minutesPerDay limit of audio for keys without their own limit. @default - no limit
   */
  constructor(
    private readonly usage: Pick<UsageStore, 'used' | 'addOnce'>,
    private readonly log: Log,
    private readonly unit: Unit,
    private readonly minutesPerDay?: number,
  ) {}

  /**
   * Admits a key that has quota left. For a key without a limit, nothing is read.
   *
   * @returns headers for the answer
   * @throws Refusal (429) if the quota is used up, (503) if it cannot be read
   */
  async admit(key: KeyRow): Promise<Record<string, string>> {
    const limits = limitsOf(key, this.minutesPerDay);
    if (!isLimited(limits)) return {};
    const now = new Date();
    const quota: Quota = { limits, used: await this.used(key, now) };
    const headers = quotaHeaders(quota, now);
    const unit = usedUp(quota, [this.unit]);
    if (unit === undefined) return headers;
    const more = { ...headers, ...usedUpHeaders(now) };
    throw new Refusal(429, 'quota_exceeded', usedUpMessage(quota, unit, now), more);
  }

  /**
   * Counts work, once for repeated requests. If counting fails, the caller is not charged.
   *
   * @param request hash of the body, and its work in the unit
   */
  async count(key: KeyRow, { sha256, work }: { sha256: string; work: number }): Promise<void> {
    try {
      await this.usage.addOnce(key.id, { sha256, measures: { [this.unit]: work } }, new Date());
    } catch (error) {
      this.log.error({ err: error, key_id: key.id, unit: this.unit, work }, 'work could not be counted');
    }
  }

  private async used({ id }: KeyRow, now: Date): Promise<Measures> {
    try {
      return await this.usage.used(id, now);
    } catch (cause) {
      const message = 'The quota of the API key cannot be read now. Try again later';
      throw new Refusal(503, 'busy', message, { 'retry-after': '2' }, { cause });
    }
  }
}
