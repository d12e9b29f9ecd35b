import { POLICY_NAMES, policies, type PolicyName } from '../../../bench/fleet/policies';
import { DelayedMetric } from '../../../bench/fleet/policies/delayed-metric';
import { managedScaling } from '../../../bench/fleet/policies/managed-scaling';
import { stepScaling } from '../../../bench/fleet/policies/step-scaling';
import { targetTracking } from '../../../bench/fleet/policies/target-tracking';
import type { PolicyMaker, View } from '../../../bench/fleet/policy';
import type { Trace } from '../../../bench/fleet/trace';
import { NEW_FLEET } from '../../../core/fleet/learning';

const CIRCUMSTANCES = { boot: 240, maxMachines: 20 };
const AUDIO = 40 * 97;

const trace = (...arrivals: number[]): Trace => ({
  ...{ name: 'test', horizon: 7200 },
  jobs: arrivals.map((arrival) => ({ arrival, audio: AUDIO })),
});
const run = (name: PolicyName, jobs: Trace) =>
  policies()[name](jobs, CIRCUMSTANCES, { interruptionHours: Infinity });

/** What a policy decides from minute to minute. */
function minutes(make: PolicyMaker, views: Partial<View>[]): number[] {
  const policy = make(CIRCUMSTANCES);
  return views.map((view, minute) =>
    policy.decide({
      ...{ now: 60 * minute, visible: 0, inFlight: 0, total: 0, inService: 0, idle: 0 },
      rows: () => ({ machines: [], jobs: [], fleet: NEW_FLEET }),
      ...view,
    }),
  );
}
const times = <T>(count: number, value: T): T[] => Array.from({ length: count }, () => value);

test.each(POLICY_NAMES)('%s does all jobs', (name) => {
  expect(run(name, trace(0, 100, 130, 4000)).waits).toHaveLength(4);
});

test('list scheduling boots at once, and ends a machine a 24th of a boot after its last job', () => {
  const { waits, machineSeconds } = run('list-scheduling', trace(70));
  expect(waits).toEqual([240]);
  expect(machineSeconds).toBe(240 + 100 + 10 - 30);
});

test('list scheduling adds a machine only for a job that would wait for two boots', () => {
  const launches = (jobs: number) => run('list-scheduling', trace(...times(jobs, 0))).launches;
  // Jobs of 100 s start at 240, 340, 440.
  expect([1, 3, 4, 6, 7].map(launches)).toEqual([1, 1, 2, 2, 3]);
});

test('the rule by number has a machine for four jobs, four machines at most, and five idle minutes', () => {
  const launches = (jobs: number) => run('by-number', trace(...times(jobs, 0))).launches;
  expect([1, 4, 5, 100].map(launches)).toEqual([1, 1, 2, 4]);
  expect(run('by-number', trace(0)).machineSeconds).toBe(240 + 100 + 300 - 30);
});

test('managed scaling starts with two machines, and adds what is missing after 300 s', () => {
  const busy = (total: number) => ({ visible: 10, total, inService: 0 });
  expect(minutes(managedScaling, [busy(0), ...times(6, busy(2))])).toEqual([2, 0, 0, 0, 0, 8, 0]);
});

test('managed scaling ends empty machines after 15 minutes, at most half of the group a minute', () => {
  const empty = (total: number, idle: number) => ({ total, inService: total, idle, inFlight: total - idle });
  expect(minutes(managedScaling, [...times(14, empty(6, 5)), empty(6, 5), empty(3, 3), empty(1, 1)])).toEqual(
    [...times(14, 0), ...[-3, -1, -1]],
  );
  expect(minutes(managedScaling, [...times(14, empty(6, 1)), empty(6, 0), empty(6, 1)])).toEqual(
    times(16, 0),
  );
});

test('target tracking launches the first machine for a sample that is two minutes old', () => {
  expect(minutes(targetTracking, times(3, { visible: 100 }))).toEqual([0, 0, 1]);
});

test('target tracking adds machines after three minutes with more than five jobs for each', () => {
  const state = { visible: 20, inFlight: 1, total: 1, inService: 1 };
  expect(minutes(targetTracking, times(5, state))).toEqual([0, 0, 0, 0, 4]);
  expect(minutes(targetTracking, times(9, { ...state, visible: 4 }))).toEqual(times(9, 0));
});

test('target tracking removes machines after fifteen minutes with less', () => {
  expect(minutes(targetTracking, times(17, { total: 2, inService: 2, idle: 2 }))).toEqual([
    ...times(16, 0),
    -2,
  ]);
});

test('step scaling keeps one or two machines, and changes once in five minutes', () => {
  const state = { visible: 150, total: 1, inService: 1 };
  expect(minutes(stepScaling, [{}, state, state, state])).toEqual([1, 0, 0, 1]);
  expect(minutes(stepScaling, times(8, { ...state, visible: 50 }))).toEqual(times(8, 0));
  const changes = minutes(stepScaling, [...times(3, state), ...times(8, { total: 2 })]);
  expect(changes).toEqual([0, 0, 1, 0, 0, 0, 0, -1, 0, 0, 0]);
});

test('the best fixed number is the smallest that starts jobs within a boot', () => {
  // Two jobs of 100 s a minute need four machines.
  const jobs = trace(...Array.from({ length: 200 }, (_, index) => 600 + 30 * index));
  expect(run('best-fixed', jobs).launches).toBe(4);
  expect(run('always-one', jobs).launches).toBe(1);
});

test('a delayed metric is seen two minutes later', () => {
  const metric = new DelayedMetric<number>(2);
  const seen = [1, 2, 3, 4, 5, 6].map((value) => {
    metric.add(value);
    return metric.last(2);
  });
  expect(seen).toEqual([[], [], [1], [1, 2], [2, 3], [3, 4]]);
});
