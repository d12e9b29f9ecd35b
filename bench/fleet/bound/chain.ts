/** A job of the bound: it may start from `arrival` to `due`. Seconds. */
export interface Window {
  arrival: number;
  due: number;
  work: number;
}

/**
 * Jobs that one machine does in a row.
 *
 * Its first job may be delayed, so that the machine idles less between jobs. With least idle time, the
 * machine ends at any time from `earliest` to `latest`. All later jobs depend on these two only (the
 * time-window segments of vehicle routing: Vidal et al., Computers & OR 40, 2013).
 */
export interface Segment {
  earliest: number;
  latest: number;
}

/** No job: the machine may be ready at any time. */
export const EMPTY: Segment = { earliest: -Infinity, latest: Infinity };

/** Idle seconds before a job that follows the segment. */
export const idleBefore = ({ latest }: Segment, { arrival }: Window): number => Math.max(0, arrival - latest);

export const canFollow = ({ earliest }: Segment, { due }: Window): boolean => earliest <= due;

export const followedBy = ({ earliest, latest }: Segment, { arrival, due, work }: Window): Segment => ({
  earliest: Math.max(arrival, earliest) + work,
  latest: Math.max(arrival, Math.min(due, latest)) + work,
});

/** A segment, with its last job apart so that another one can be done before it. */
export interface Chain extends Segment {
  before: Segment;
  last: Window;
}

const chain = (before: Segment, last: Window): Chain => ({ ...followedBy(before, last), before, last });

export const newChain = (job: Window): Chain => chain(EMPTY, job);

/** The ways to do one more job on the machine, with the idle seconds that each adds. */
export function withJob(old: Chain, job: Window): { chain: Chain; idle: number }[] {
  const ways = [];
  if (canFollow(old, job)) ways.push({ chain: chain(old, job), idle: idleBefore(old, job) });
  const { before, last } = old;
  const inserted = followedBy(before, job);
  // A long job delays others less as the last one, because only starts are due.
  if (job.work < last.work && canFollow(before, job) && canFollow(inserted, last)) {
    const idle = idleBefore(before, job) + idleBefore(inserted, last) - idleBefore(before, last);
    ways.push({ chain: chain(inserted, last), idle });
  }
  return ways;
}
