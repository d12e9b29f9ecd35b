/** Health check configuration of a target group. */
export interface HealthCheck {
  path: string;
  /** Status codes in the target group's notation: `200`, `200-299` or `200,204`. */
  codes: string;
  intervalMs: number;
  timeoutMs: number;
  healthyThreshold: number;
  unhealthyThreshold: number;
}

/**
 * Health of a target. A new target is healthy after its first passed check. After that, the state
 * changes after the threshold of consecutive checks.
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

/** Whether a status is in the target group's list of healthy codes. */
export function isGood(status: number, codes: string): boolean {
  return codes.split(',').some((range) => {
    const [first = NaN, last = first] = range.split('-').map(Number);
    return status >= first && status <= last;
  });
}
