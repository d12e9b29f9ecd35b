import { MetricUnit } from '@aws-lambda-powertools/metrics';
import type { UsageResponse } from './contract';
import type { Caller } from './http';
import { isUsedUp, type Quota, quotaHeaders, usageOf } from './quota';
import type { Tools } from './runtime';
import type { UsageStore } from './usage-store';

/** What a caller may still use on the day of the request. Nothing is read for a key without a quota. */
export class Allowance {
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
    return isUsedUp(this.quota);
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
