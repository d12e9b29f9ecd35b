import { MetricUnit } from '@aws-lambda-powertools/metrics';
import type { UsageResponse } from '../../core/contract/usage';
import { inTime } from './deadline';
import type { Caller } from './caller';
import {
  isUsedUp,
  type Quota,
  quotaHeaders,
  usageOf,
  usedUpHeaders,
  usedUpMessage,
} from '../../core/usage/quota';
import { Refusal } from './refusal';
import type { Tools } from './runtime';
import type { UsageStore } from '../../core/usage/usage-store';

/** How long to look for an earlier count: a slow table must not keep the machines from answering. */
const RECALL_MS = 3000;

/** What a caller may still use on the day of the request. Nothing is read for a key without a quota. */
export class Allowance {
  /** Whether the recording of this request was counted a short time ago: it uses up nothing more. */
  isCounted = false;

  private constructor(
    private readonly keyId: string,
    private readonly usage: UsageStore,
    readonly quota: Quota,
    readonly now: Date,
  ) {}

  static async of(
    { key_id, audio_seconds_per_day: limitSeconds }: Caller,
    usage: UsageStore,
    now: Date,
  ): Promise<Allowance> {
    const usedSeconds = limitSeconds === undefined ? 0 : await usage.used(key_id, now);
    return new Allowance(key_id, usage, { limitSeconds, usedSeconds }, now);
  }

  get isUsedUp(): boolean {
    return !this.isCounted && isUsedUp(this.quota);
  }

  /** For every answer to the caller. */
  get headers(): Record<string, string> {
    return quotaHeaders(this.quota, this.now);
  }

  /** As it is now, for a key without a quota too. */
  async read(): Promise<UsageResponse> {
    return usageOf({ ...this.quota, usedSeconds: await this.usage.used(this.keyId, this.now) }, this.now);
  }

  /**
   * Finds out whether the recording was counted a short time ago, by an answer in place that may have been lost. If the
   * table cannot say, it was not.
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
   * Counts a recording that was answered, once if the request is repeated. If counting fails, the caller is not charged: the
   * work is done, and the answer is there.
   *
   * @param sha256 of the recording and its options
   * @param untilMs epoch milliseconds at which the caller has to be answered
   */
  async count(
    recording: { sha256: string; seconds: number },
    untilMs: number,
    { logger, metrics }: Tools,
  ): Promise<void> {
    const signal = AbortSignal.timeout(Math.max(1, untilMs - Date.now()));
    try {
      const isNew = await this.usage.addOnce(this.keyId, recording, this.now, signal);
      if (isNew) this.quota.usedSeconds += recording.seconds;
    } catch (error) {
      logger.warn('could not count audio', error as Error);
      metrics.addMetric('UncountedAnswers', MetricUnit.Count, 1);
    }
  }
}

/** @throws Refusal (429) if the caller has used up the day's quota: new work is not begun */
export function refuseUsedUp({ isUsedUp, quota, now }: Allowance): void {
  if (!isUsedUp) return;
  throw new Refusal(429, 'quota_exceeded', usedUpMessage(quota, now), { headers: usedUpHeaders(now) });
}
