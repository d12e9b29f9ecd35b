import { type CloudWatchClient, GetMetricDataCommand } from '@aws-sdk/client-cloudwatch';

/** What a load balancer has answered in one minute. */
export interface Minute {
  /** Epoch seconds of its beginning. */
  start: number;
  /** Sum of the times that its answers took, in seconds. */
  seconds: number;
}

const MINUTE = 60;

/**
 * For how long a minute counts, in seconds. Its figures come late and in pieces, one from each of the balancer's nodes;
 * and no longer than machines stay idle by default, which would be raised anew when they have just ended themselves.
 */
const RECENT = 5 * MINUTE;

/**
 * Requests that were in flight, on average, in the busiest of the last five full minutes.
 *
 * By Little's law the mean number in flight is the rate at which requests come times the mean time that each takes, which
 * is the sum of their times divided by the length of the minute. Not the newest minute alone: that may still lack a
 * node's figures, and as the fleet is only ever raised, the busiest counts anyway.
 *
 * @param now epoch seconds
 */
export function requestsInFlight(minutes: readonly Minute[], now: number): number {
  const recent = minutes.filter(({ start }) => start >= thisMinute(now) - RECENT);
  return Math.max(0, ...recent.map(({ seconds }) => seconds)) / MINUTE;
}

/** Seconds since the end of the last minute with an answer. @param starts of minutes, and `now`: epoch seconds */
export const secondsSinceAnswer = (starts: readonly number[], now: number): number =>
  now - Math.max(-Infinity, ...starts.map((start) => start + MINUTE));

/** Load balancers by their dimensions in CloudWatch, such as `app/name/0123456789abcdef`. */
export interface Names {
  name: string;
  /** The public one. @default - there is none */
  publicName?: string;
}

/**
 * The minutes in which requests were answered, the one that is going on left out.
 *
 * An Application Load Balancer reports how long targets took from the request to the head of their answer. A stream of
 * events sends its head first, so it counts only until its audio is decoded. A request that stops waiting does not count
 * here, but as the job that it becomes.
 *
 * For the public load balancer these times say little: they may include a long upload, and do not include a long stream.
 * Only the minutes in which it had successful answers are read from it. Requests without a valid key keep no machine.
 *
 * @param now epoch seconds
 * @returns `streamed` has the beginnings of the public one's minutes, in epoch seconds
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

/** Where the minute that is going on begins. */
const thisMinute = (now: number): number => Math.floor(now / MINUTE) * MINUTE;
