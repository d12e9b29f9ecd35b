/** What a target group says of its targets' health. */
export interface HealthCheck {
  path: string;
  /** As the target group has them: `200`, `200-299` or `200,204`. */
  codes: string;
  intervalMs: number;
  timeoutMs: number;
  healthyThreshold: number;
  unhealthyThreshold: number;
}

/**
 * Whether a target is well, by the answers to its checks: a new one is after the first good answer, and from then on it
 * takes so many in a row to change that.
 */
export class TargetHealth {
  healthy = false;
  private fresh = true;
  private inRow = 0;

  constructor(private readonly check: Pick<HealthCheck, 'healthyThreshold' | 'unhealthyThreshold'>) {}

  note(good: boolean) {
    this.inRow = good === this.healthy ? 0 : this.inRow + 1;
    const { healthyThreshold, unhealthyThreshold } = this.check;
    const enough = this.healthy ? unhealthyThreshold : this.fresh ? 1 : healthyThreshold;
    if (this.inRow >= enough) {
      this.healthy = good;
      this.inRow = 0;
    }
    this.fresh = false;
  }
}

/** Whether a status is one of those that a target group takes for good. */
export function isGood(status: number, codes: string): boolean {
  return codes.split(',').some((range) => {
    const [first = NaN, last = first] = range.split('-').map(Number);
    return status >= first && status <= last;
  });
}
