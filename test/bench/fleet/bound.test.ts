import { machinesAtOnce } from '../../../bench/fleet/bound/at-once';
import { beamSearch } from '../../../bench/fleet/bound/beam';
import { canFollow, EMPTY, followedBy, idleBefore, type Window } from '../../../bench/fleet/bound/chain';
import { clairvoyantBound } from '../../../bench/fleet/bound/clairvoyant';
import { machinesForMany } from '../../../bench/fleet/bound/many-jobs';
import { seeded } from '../../../bench/fleet/random';

const BOOT = 210;
const window = (arrival: number, wait: number, work: number): Window => ({
  arrival,
  due: arrival + wait,
  work,
});

/** Idle seconds of the jobs in this order on one machine; infinite if one starts too late. */
function idleInOrder(jobs: readonly Window[]): number {
  let segment = EMPTY;
  let idle = 0;
  for (const job of jobs) {
    if (!canFollow(segment, job)) return Infinity;
    idle += idleBefore(segment, job);
    segment = followedBy(segment, job);
  }
  return idle;
}

function orders<T>(items: readonly T[]): T[][] {
  if (items.length === 0) return [[]];
  return items.flatMap((item, index) => orders(items.toSpliced(index, 1)).map((rest) => [item, ...rest]));
}

/** By all ways to choose late jobs, to divide the others among machines and to order them. */
function cheapest(jobs: readonly Window[], mayBeLate: number): number {
  const [first, ...rest] = jobs;
  if (first === undefined) return 0;
  let least = mayBeLate > 0 ? cheapest(rest, mayBeLate - 1) : Infinity;
  for (let subset = 0; subset < 2 ** rest.length; subset++) {
    const together = [first, ...rest.filter((_, index) => subset & (1 << index))];
    const others = rest.filter((_, index) => !(subset & (1 << index)));
    const idle = Math.min(...orders(together).map(idleInOrder));
    if (idle < Infinity) least = Math.min(least, BOOT + idle + cheapest(others, mayBeLate));
  }
  return least;
}

test('the first job of a machine is delayed, so that the machine does not idle', () => {
  expect(idleInOrder([window(0, 100, 10), window(50, 100, 10)])).toBe(0);
  expect(idleInOrder([window(0, 30, 10), window(50, 100, 10)])).toBe(10);
  expect(idleInOrder([window(0, 30, 200), window(50, 100, 10)])).toBe(Infinity);
});

test('the idle time is that of the best start times', () => {
  const random = seeded(7);
  for (let round = 0; round < 100; round++) {
    const whole = (most: number) => Math.floor(random() * most);
    const jobs = Array.from({ length: 3 }, () => window(whole(40), whole(20), 1 + whole(15))).sort(
      (one, other) => one.arrival - other.arrival,
    );
    expect(idleInOrder(jobs)).toBe(byStartTimes(jobs));
  }
});

function byStartTimes(jobs: readonly Window[]): number {
  let least = Infinity;
  for (let first = jobs[0]!.arrival; first <= jobs[0]!.due; first++) {
    let [end, idle] = [first, 0];
    const isFeasible = jobs.every(({ arrival, due, work }) => {
      idle += Math.max(0, arrival - end);
      const start = Math.max(arrival, end);
      end = start + work;
      return start <= due;
    });
    if (isFeasible) least = Math.min(least, idle);
  }
  return least;
}

test('the beam finds almost what all schedules of small cases cost at best, and never less', () => {
  const random = seeded(3);
  const excess = Array.from({ length: 60 }, (_, round) => {
    const wait = Math.floor(random() * 300);
    const jobs = Array.from({ length: 6 }, () =>
      window(random() * 900, wait, random() < 0.2 ? 400 : 60 * random()),
    ).sort((one, other) => one.arrival - other.arrival);
    const mayBeLate = round % 3;
    const costs = [0, 0.25, 0.5, 1].map(
      (share) => beamSearch(jobs, { boot: BOOT, mayBeLate, price: share * BOOT, width: 100 }).cost,
    );
    return Math.min(...costs) / cheapest(jobs, mayBeLate) - 1;
  });
  expect(Math.min(...excess)).toBeGreaterThan(-1e-9);
  expect(Math.max(...excess)).toBeLessThan(0.15);
  expect(excess.filter((each) => each < 1e-9).length).toBeGreaterThanOrEqual(55);
});

test('jobs at once need a machine for what fits into the wait, besides one last job each', () => {
  const jobs = [10, 10, 10, 10, 100].map((work) => window(0, 0, work));
  expect(machinesAtOnce(jobs, 40, 0)).toBe(1);
  expect(machinesAtOnce(jobs, 39, 0)).toBe(2);
  expect(machinesAtOnce(jobs, 15, 0)).toBe(2);
  expect(machinesAtOnce(jobs, 0, 0)).toBe(5);
  expect(machinesAtOnce(jobs, 0, 2)).toBe(3);
});

test('very many jobs need the machines that do their work between the first arrival and the last end', () => {
  // 11 jobs of 10 s from 0 to 25 at the latest.
  const jobs = Array.from({ length: 11 }, (_, index) => window(index, 5, 10));
  expect(machinesForMany(jobs, 0)).toBe(5);
  expect(machinesForMany(jobs, 1)).toBe(4);
});

const audio = (work: number) => 40 * (work - 3);
const bound = (jobs: [arrival: number, work: number][], wait: number) =>
  clairvoyantBound(
    jobs.map(([arrival, work]) => ({ arrival, audio: audio(work) })),
    { boot: 240, speed: 40, wait },
  );

test.each<[string, [number, number][], number, number]>([
  ['one job: a boot and the work', [[5, 10]], 0, 210 + 10],
  [
    'jobs far apart: a boot for each',
    [
      [0, 10],
      [5000, 10],
    ],
    0,
    2 * 210 + 20,
  ],
  [
    'jobs near each other: idle time',
    [
      [0, 10],
      [110, 10],
    ],
    0,
    210 + 100 + 20,
  ],
  [
    'a wait replaces the idle time',
    [
      [0, 10],
      [110, 10],
    ],
    100,
    210 + 20,
  ],
  [
    'a part of the idle time',
    [
      [0, 10],
      [110, 10],
    ],
    60,
    210 + 40 + 20,
  ],
  [
    'a burst without a wait',
    [
      [0, 10],
      [0, 10],
      [0, 10],
    ],
    0,
    3 * 210 + 30,
  ],
  [
    'a burst with one',
    [
      [0, 10],
      [0, 10],
      [0, 10],
    ],
    20,
    210 + 30,
  ],
])('the bound of %s', (_, jobs, wait, seconds) => {
  expect(bound(jobs, wait)).toBeCloseTo(seconds);
});

test('one job of twenty may be late: only its work costs', () => {
  const apart = (count: number) =>
    Array.from({ length: count }, (_, index): [number, number] => [5000 * index, 10]);
  expect(bound(apart(19), 0)).toBeCloseTo(19 * 220);
  expect(bound(apart(20), 0)).toBeCloseTo(19 * 220 + 10);
});
