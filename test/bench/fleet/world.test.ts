import { EventQueue } from '../../../bench/fleet/event-queue';
import type { Policy, View } from '../../../bench/fleet/policy';
import type { Trace } from '../../../bench/fleet/trace';
import { simulate } from '../../../bench/fleet/world';
import type { WorldOptions } from '../../../bench/fleet/world-options';

const trace = (...jobs: [arrival: number, work: number][]): Trace => ({
  name: 'test',
  // 40 s of audio a second, after 3 s.
  jobs: jobs.map(([arrival, work]) => ({ arrival, audio: 40 * (work - 3) })),
  horizon: 0,
});

const policy = (decide: (view: View) => number, changes: Partial<Policy> = {}): Policy => ({
  ...{ name: 'test', reacts: true, replaces: false, alwaysOn: false, idleSeconds: 20, decide },
  ...changes,
});

const one = policy(({ total }) => 1 - total);
const ifNeeded = policy(({ total, visible, inFlight }) => (visible + inFlight > 0 ? 1 - total : 0));
const run = (jobs: Trace, by: Policy, options: Partial<WorldOptions> = {}) =>
  simulate(jobs, by, { interruptionHours: Infinity, ...options });

test('a job waits for the boot; the machine is billed to the end of its idle time', () => {
  const { waits, machineSeconds, launches, end } = run(trace([0, 10]), ifNeeded);
  expect(waits).toEqual([240]);
  // 240 to boot, 10 to work, 20 idle, 30 not billed.
  expect(machineSeconds).toBe(240);
  expect({ launches, end }).toEqual({ launches: 1, end: 270 });
});

test('a machine does one job after the other, the oldest first', () => {
  const { waits, machineSeconds } = run(trace([0, 100], [10, 50], [230, 10]), ifNeeded);
  expect(waits).toEqual([240, 330, 160]);
  expect(machineSeconds).toBe(240 + 160 + 20 - 30);
});

test('an idle machine takes a job at once and keeps its idle time', () => {
  const { waits, machineSeconds } = run(trace([0, 10], [265, 10]), ifNeeded);
  expect(waits).toEqual([240, 0]);
  expect(machineSeconds).toBe(275 + 20 - 30);
});

test('after its idle time a machine is gone', () => {
  expect(run(trace([0, 10], [271, 10]), ifNeeded)).toMatchObject({
    waits: [240, 240],
    machineSeconds: 2 * 240,
    launches: 2,
  });
});

test('the limits of machines and of launches in a minute hold', () => {
  const many = policy(({ visible, total }) => visible - total);
  const jobs = trace(...Array.from({ length: 5 }, (): [number, number] => [0, 500]));
  const limited = run(jobs, many, { maxMachines: 2 });
  expect(limited.waits).toEqual([240, 240, 740, 740, 1240]);
  const slow = run(jobs, many, { launchesPerMinute: 2 });
  expect(slow.waits).toEqual([240, 240, 300, 300, 360]);
});

test('boots spread; a machine that never starts is ended by the watchdog', () => {
  const spread = run(trace([0, 10]), ifNeeded, { bootSpread: 0.5 }).waits[0]!;
  expect(spread).not.toBe(240);
  expect(spread).toBeGreaterThan(120);
  expect(spread).toBeLessThan(360);
  const dead = run(trace([0, 10]), ifNeeded, { deadShare: 0.8 });
  expect(dead.launches).toBeGreaterThan(1);
  // A dead machine is billed for three boots, and the next ones for twice as long each.
  const lost = 720 * (2 ** (dead.launches - 1) - 1);
  expect(dead.waits).toEqual([lost + 240]);
  expect(dead.machineSeconds).toBe(lost - 30 * (dead.launches - 1) + 240);
});

test('an interrupted job goes back to the queue without its finished windows', () => {
  const { waits, interruptions, machineSeconds, launches } = run(trace([0, 4000]), ifNeeded, {
    interruptionHours: 0.7,
    seed: 5,
  });
  expect(interruptions).toBeGreaterThan(0);
  expect(launches).toBe(interruptions + 1);
  expect(waits).toEqual([240]);
  // Each interruption costs 3 s and less than a window again, and a boot.
  const repeated = machineSeconds - 4000 - 20 - launches * 210;
  expect(repeated).toBeGreaterThanOrEqual(3 * interruptions - 1e-6);
  expect(repeated).toBeLessThan((3 + 1.5) * interruptions);
});

test('a group replaces an interrupted machine only if it keeps its number', () => {
  const once = (replaces: boolean) => {
    let launched = false;
    const decide = () => (launched ? 0 : ((launched = true), 1));
    return policy(decide, { replaces, idleSeconds: undefined, alwaysOn: true, reacts: false });
  };
  const day: Trace = { ...trace([0, 10]), horizon: 864_000 };
  expect(run(day, once(true), { interruptionHours: 20 }).launches).toBeGreaterThan(3);
  expect(run(day, once(false), { interruptionHours: 20 }).launches).toBe(1);
});

test('a fleet that is always on is billed for the whole horizon', () => {
  const always = policy(({ total }) => 1 - total, { idleSeconds: undefined, alwaysOn: true });
  expect(run({ ...trace([0, 10]), horizon: 3600 }, always).machineSeconds).toBe(3570);
});

test('a policy sees estimates, and a queue as it was', () => {
  const seen: unknown[] = [];
  const watch = policy((view) => {
    if (view.now === 60) {
      const { machines, jobs, fleet } = view.rows();
      seen.push([machines.length, jobs.map(({ id }) => id), fleet.boots, fleet.speeds]);
    }
    return one.decide(view);
  });
  run(trace([0, 10], [50, 20]), watch, { workEstimate: 2, bootEstimate: 0.5 });
  expect(seen).toEqual([[1, ['job-0', 'job-1'], { any: 120 }, { any: { audio_second: 20 } }]]);
  seen.length = 0;
  run(trace([0, 10], [50, 20]), watch, { staleSeconds: 30 });
  expect(seen).toEqual([[1, ['job-0'], { any: 240 }, { any: { audio_second: 40 } }]]);
});

test('a policy sees which job a machine has, even if the queue is seen late', () => {
  const held: unknown[] = [];
  const watch = policy((view) => {
    if (view.now === 300) {
      const { machines, jobs } = view.rows();
      held.push(
        machines[0]?.row?.holding,
        machines[0]?.row?.busy_until,
        jobs.map(({ id }) => id),
      );
    }
    return one.decide(view);
  });
  run(trace([0, 4000]), watch, { staleSeconds: 90 });
  expect(held).toEqual([['job-0'], (240 + 4000) * 1000, ['job-0']]);
});

describe('jobs of a busy and of a quiet tenant', () => {
  const busy = Array.from({ length: 100 }, () => ({ arrival: 0, audio: 40 * 97, tenant: 'busy' }));
  const quietAt = (arrival: number): Trace => ({
    ...{ name: 'test', horizon: 0 },
    jobs: [...busy, { arrival, audio: 40, tenant: 'quiet' }],
  });
  const two = policy(({ visible, total }) => (visible > 0 ? 2 - total : 0));
  const waitOf = (arrival: number, fair: boolean, by = two) =>
    run(quietAt(arrival), by, { fair, maxMachines: 100 }).tenantWaits.quiet;

  test('the quiet one gets the first machine that is free, once the other has worked', () => {
    // The machines have booted after 240 s, and each job takes 100 s.
    expect(waitOf(1, true)).toEqual([339]);
    expect(waitOf(1000, true)).toEqual([40]);
  });

  test('the oldest job goes first without fair queues', () => {
    expect(waitOf(1, false)).toEqual([240 + 50 * 100 - 1]);
    expect(waitOf(1000, false)).toEqual([240 + 50 * 100 - 1000]);
  });

  test('thirty jobs in work make a tenant busy before any has ended', () => {
    let launched = 0;
    // One machine more after the boot of the others.
    const machines = (first: number) =>
      policy(({ now }) => {
        const wanted = now < 60 ? first : first + 1;
        const more = wanted - launched;
        launched = wanted;
        return more;
      });
    expect(waitOf(1, true, machines(30))).toEqual([60 + 240 - 1]);
    launched = 0;
    expect(waitOf(1, true, machines(29))).toEqual([340 - 1]);
  });

  test('among busy ones, the one with fewer jobs in work goes first', () => {
    const jobs = ['a', 'b'].flatMap((tenant) =>
      Array.from({ length: 20 }, () => ({ arrival: tenant === 'a' ? 0 : 1, audio: 40 * 97, tenant })),
    );
    const { tenantWaits } = run({ name: 'test', jobs, horizon: 0 }, two);
    const mean = (waits: number[] = []) => waits.reduce((sum, wait) => sum + wait, 0) / waits.length;
    // In turn: 20 rounds of two machines.
    expect(Math.abs(mean(tenantWaits.a) - mean(tenantWaits.b))).toBeLessThanOrEqual(100);
  });
});

test('a policy that leaves jobs waiting for ever is an error', () => {
  expect(() =>
    run(
      trace([0, 10]),
      policy(() => 0, { name: 'lazy' }),
    ),
  ).toThrow('Policy "lazy" leaves 1 jobs waiting after 400 days; got a boot of 240 s and a speed of 40.');
});

test('events run by time, then in the order in which they were added', () => {
  const queue = new EventQueue();
  const ran: string[] = [];
  for (const [at, name] of [
    [2, 'c'],
    [1, 'a'],
    [2, 'd'],
    [1, 'b'],
    [0, 'first'],
  ] as const)
    queue.add(at, () => ran.push(name));
  for (let event = queue.next(); event !== undefined; event = queue.next()) event.run();
  expect(ran).toEqual(['first', 'a', 'b', 'c', 'd']);
});
