import { MetricUnit } from '@aws-lambda-powertools/metrics';
import type { Unit } from '../../core/contract/names';
import type { UsageResponse } from '../../core/contract/usage';
import type { Measures } from '../../core/contract/values';
import { inTime } from './deadline';
import type { Caller } from './caller';
import {
  added,
  isLimited,
  type Quota,
  quotaHeaders,
  usageOf,
  usedUp,
  usedUpHeaders,
  usedUpMessage,
} from '../../core/usage/quota';
import { Refusal } from './refusal';
import type { Tools } from './runtime';
import type { UsageStore } from '../../core/usage/usage-store';

/** Longest look-up of an earlier count: a slow table must not delay the answer of the machines. */
const RECALL_MS = 3000;

/**
 * What the caller may still use on the day of the request. For a key without a quota, nothing is
 * read.
 */
export class Allowance {
  /** Whether this recording was counted recently: if so, it uses no more of the quota. */
  isCounted = false;

  private constructor(
    private readonly keyId: string,
    private readonly usage: UsageStore,
    readonly quota: Quota,
    readonly now: Date,
  ) {}

  static async of(
    { key_id, units_per_day = '{}' }: Caller,
    usage: UsageStore,
    now: Date,
  ): Promise<Allowance> {
    const limits = JSON.parse(units_per_day) as Measures;
    const used = isLimited(limits) ? await usage.used(key_id, now) : {};
    return new Allowance(key_id, usage, { limits, used }, now);
  }

  /** The first of these units whose quota is used up. */
  usedUp(units: readonly Unit[]): Unit | undefined {
    return this.isCounted ? undefined : usedUp(this.quota, units);
  }

  /** Quota headers for every answer to the caller. */
  get headers(): Record<string, string> {
    return quotaHeaders(this.quota, this.now);
  }

  /** The current usage, also for a key without a quota. */
  async read(): Promise<UsageResponse> {
    return usageOf({ ...this.quota, used: await this.usage.used(this.keyId, this.now) }, this.now);
  }

  /**
   * Checks whether the recording was counted recently, by a synchronous answer that may have been
   * lost. If the table does not respond, the recording is treated as not counted.
   *
   * @param sha256 of the recording and its options
   */
  async recall(sha256: string, { logger }: Tools): Promise<void> {
    try {
      const look = this.usage.hasCounted(this.keyId, sha256, this.now);
      this.isCounted = await inTime(Date.now() + RECALL_MS, look);
    } catch (error) {
      logger.warn('could not look for an earlier count', error as Error);
    }
  }

  /**
   * Counts an answered recording, once even if the request is repeated. If counting fails, the
   * caller is not charged and still gets the answer.
   *
   * @param sha256 of the recording and its options
   * @param untilMs epoch milliseconds by which the caller must be answered
   */
  async count(
    recording: { sha256: string; measures: Measures },
    untilMs: number,
    { logger, metrics }: Tools,
  ): Promise<void> {
    const signal = AbortSignal.timeout(Math.max(1, untilMs - Date.now()));
    try {
      const isNew = await this.usage.addOnce(this.keyId, recording, this.now, signal);
      if (isNew) this.quota.used = added(this.quota.used, recording.measures);
    } catch (error) {
      logger.warn('could not count the usage', error as Error);
      metrics.addMetric('UncountedAnswers', MetricUnit.Count, 1);
    }
  }
}

/**
 * @throws Refusal (429) if the day's quota of one of these units is used up and the request would
 *   start new work
 */
export function refuseUsedUp(allowance: Allowance, units: readonly Unit[]): void {
  const { quota, now } = allowance;
  const unit = allowance.usedUp(units);
  if (unit === undefined) return;
  throw new Refusal(429, 'quota_exceeded', usedUpMessage(quota, unit, now), { headers: usedUpHeaders(now) });
}
