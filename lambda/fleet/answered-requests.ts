import { type CloudWatchClient, GetMetricDataCommand } from '@aws-sdk/client-cloudwatch';

/** Requests that a load balancer answered in one minute. */
export interface Minute {
  /** Start in epoch seconds. */
  start: number;
  /** Sum of the response times in seconds. */
  seconds: number;
}

const MINUTE = 60;

/**
 * How many full minutes count. Their metrics arrive late and in parts, one from each of the balancer's nodes. The time is
 * not longer than the idle time of machines, as far as that is possible: otherwise machines that just terminated themselves
 * would be launched again.
 */
const RECENT = { least: 2, most: 5 };

/**
 * Requests in flight, on average, in the busiest of the last two to five full minutes.
 *
 * By Little's law, the mean number in flight is the arrival rate times the mean response time. That
 * is the sum of the response times divided by the length of the minute. The newest minute alone is
 * not enough, because metrics of a node may still be missing. The fleet is only ever raised here,
 * so the busiest minute counts anyway.
 *
 * @param now epoch seconds
 * @param idleSeconds idle time after which a worker ends its machine
 */
export function requestsInFlight(minutes: readonly Minute[], now: number, idleSeconds: number): number {
  const count = Math.min(RECENT.most, Math.max(RECENT.least, Math.floor(idleSeconds / MINUTE)));
  const recent = minutes.filter(({ start }) => start >= thisMinute(now) - count * MINUTE);
  return Math.max(0, ...recent.map(({ seconds }) => seconds)) / MINUTE;
}

/**
 * Seconds since the end of the last minute with an answer. @param starts of minutes, and `now`:
 * epoch seconds
 */
export const secondsSinceAnswer = (starts: readonly number[], now: number): number =>
  now - Math.max(-Infinity, ...starts.map((start) => start + MINUTE));

/**
 * The values of the load balancers' dimension in CloudWatch, such as `app/name/0123456789abcdef`.
 */
export interface Names {
  name: string;
  /** The public load balancer. @default - none */
  publicName?: string;
}

/**
 * The minutes in which requests were answered, without the current minute.
 *
 * An Application Load Balancer reports the time from the request to the headers of the target's
 * answer. A stream of events sends its headers first, so it counts only until its audio is decoded.
 * A request whose client stops waiting does not count here, but as the job that it becomes.
 *
 * For the public load balancer these times mean little: they may include a long upload, and do not
 * include a long stream. Only the minutes in which it had successful answers are read from it.
 * Requests without a valid key keep no machine running.
 *
 * @param now epoch seconds
 * @returns `streamed`: start of each minute of the public load balancer, in epoch seconds
 */
export async function answeredMinutes(
  cloudWatch: CloudWatchClient,
  { name, publicName }: Names,
  { now, seconds }: { now: number; seconds: number },
): Promise<{ minutes: Minute[]; streamed: number[] }> {
  const end = thisMinute(now);
  const { MetricDataResults = [] } = await cloudWatch.send(
    new GetMetricDataCommand({
      StartTime: new Date((end - Math.ceil(seconds / MINUTE) * MINUTE) * 1000),
      EndTime: new Date(end * 1000),
      MetricDataQueries: [
        sumOf('seconds', 'TargetResponseTime', name),
        ...(publicName === undefined ? [] : [sumOf('streamed', 'HTTPCode_Target_2XX_Count', publicName)]),
      ],
    }),
  );
  const sums = (id: string) => {
    const { Timestamps = [], Values = [] } = MetricDataResults.find(({ Id }) => Id === id) ?? {};
    return Timestamps.map((start, at) => ({ start: start.getTime() / 1000, sum: Values[at] ?? 0 }));
  };
  return {
    minutes: sums('seconds').map(({ start, sum }) => ({ start, seconds: sum })),
    streamed: sums('streamed').flatMap(({ start, sum }) => (sum > 0 ? [start] : [])),
  };
}

const sumOf = (Id: string, MetricName: string, loadBalancer: string) => ({
  Id,
  MetricStat: {
    Metric: {
      Namespace: 'AWS/ApplicationELB',
      MetricName,
      Dimensions: [{ Name: 'LoadBalancer', Value: loadBalancer }],
    },
    Period: MINUTE,
    Stat: 'Sum',
  },
});

/** Start of the current minute. */
const thisMinute = (now: number): number => Math.floor(now / MINUTE) * MINUTE;
