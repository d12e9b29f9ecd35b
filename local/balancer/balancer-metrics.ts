import { type CloudWatchClient, PutMetricDataCommand } from '@aws-sdk/client-cloudwatch';

export interface BalancerMetricsOptions {
  cloudWatch: CloudWatchClient;
  /** The load balancer's dimension, such as `app/name/0123456789abcdef`. */
  loadBalancer: string;
  /** Interval between publications; CloudWatch adds them up for each minute. @default 5000 */
  periodMs?: number;
}

/** AWS publishes the metrics of a minute after its end. */
const LATE_MS = 60_000;

/** Publishes the load balancer metrics that Spotscribe reads to CloudWatch. */
export class BalancerMetrics {
  private times: number[] = [];
  /** Number of successful answers since the last publication. */
  private good = 0;
  private readonly timer: NodeJS.Timeout;

  constructor(private readonly options: BalancerMetricsOptions) {
    this.timer = setInterval(() => void this.publish(), options.periodMs ?? 5_000);
  }

  /** Counts an answer of a target. @param seconds from the request to the start of the answer */
  answered(seconds: number, status: number): void {
    this.times.push(seconds);
    if (status >= 200 && status < 300) this.good++;
  }

  stop(): void {
    clearInterval(this.timer);
  }

  private async publish(): Promise<void> {
    const { cloudWatch, loadBalancer } = this.options;
    const times = this.times.splice(0);
    const { good } = this;
    this.good = 0;
    if (times.length === 0) return;
    const about = {
      Dimensions: [{ Name: 'LoadBalancer', Value: loadBalancer }],
      Timestamp: new Date(Date.now() - LATE_MS),
    };
    const StatisticValues = {
      SampleCount: times.length,
      Sum: times.reduce((sum, each) => sum + each, 0),
      Minimum: Math.min(...times),
      Maximum: Math.max(...times),
    };
    try {
      await cloudWatch.send(
        new PutMetricDataCommand({
          Namespace: 'AWS/ApplicationELB',
          MetricData: [
            { ...about, MetricName: 'TargetResponseTime', Unit: 'Seconds', StatisticValues },
            { ...about, MetricName: 'RequestCount', Unit: 'Count', Value: times.length },
            { ...about, MetricName: 'HTTPCode_Target_2XX_Count', Unit: 'Count', Value: good },
          ],
        }),
      );
    } catch (error) {
      console.error(`load balancer: ${(error as Error).message}`);
    }
  }
}
