import { seeded } from '../../../bench/fleet/random';
import {
  BOOT_SECONDS,
  deadSeconds,
  machineToEnd,
  silentSince,
  type WatchedFleet,
  watched,
} from '../../../core/fleet/watchdog';
import { FleetSimulation, isBooting, isDead, isWorking, TRACES } from '../../support/fleet-simulation';

const DEAD_SECONDS = deadSeconds(undefined, 0);
const NOW = 1_000_000_000_000;
const minutesAgo = (minutes: number) => NOW - minutes * 60_000;
const ROW = { id: 'machine#i-1', expires_at: 0 };

describe('the state of a machine', () => {
  test.each([
    ['nothing is known about it', undefined, NOW],
    ['it has just written a heartbeat', { heartbeat_at: minutesAgo(1) }, undefined],
    ['its clock is ahead', { heartbeat_at: minutesAgo(-60) }, undefined],
    ['its last heartbeat is old', { heartbeat_at: minutesAgo(4) }, NOW],
    [
      'it was silent at the last check',
      { silent_since: minutesAgo(30), looked_at: minutesAgo(1) },
      minutesAgo(30),
    ],
    ['no check has run since it was silent', { silent_since: minutesAgo(30), looked_at: minutesAgo(6) }, NOW],
  ])('has the start of its silence, if %s', (_, row, expected) => {
    expect(silentSince(row && { ...ROW, ...row }, NOW)).toBe(expected);
  });

  test('has its idle time only with a recent heartbeat', () => {
    const instance = { id: 'i-1', endable: true, deadSeconds: DEAD_SECONDS };
    const fresh = { ...ROW, heartbeat_at: minutesAgo(1), idle_seconds: 99 };
    expect(watched(instance, fresh, NOW)).toEqual({ ...instance, idleSeconds: 99, silentSeconds: 0 });
    const old = {
      ...fresh,
      heartbeat_at: minutesAgo(10),
      silent_since: minutesAgo(2),
      looked_at: minutesAgo(1),
    };
    expect(watched(instance, old, NOW)).toEqual({ ...instance, idleSeconds: undefined, silentSeconds: 120 });
  });
});

test.each<[string, number | undefined, number, number]>([
  ['three boots', 240, 0, 720],
  ['three boots of two minutes, however short a boot was', 30, 0, 360],
  ['twice as long after a machine that failed to boot', 240, 1, 1440],
  ['at most 45 minutes', 240, 9, 2700],
  ['45 minutes, if no machine was ever ready', undefined, 0, 2700],
])('a machine without a worker has %s', (_, boot, failed, expected) => {
  expect(deadSeconds(boot, failed)).toBe(expected);
});

describe('the machine to terminate', () => {
  const fleet = (change: Partial<WatchedFleet>): WatchedFleet => ({
    ...{ machines: [], desired: 2, warm: 0, work: 0, quietSeconds: Infinity, idleLimit: 300 },
    ...change,
  });
  const dead = { id: 'dead', endable: true, silentSeconds: DEAD_SECONDS, deadSeconds: DEAD_SECONDS };
  const idle = {
    id: 'idle',
    endable: true,
    silentSeconds: 0,
    deadSeconds: DEAD_SECONDS,
    idleSeconds: BOOT_SECONDS + 600,
  };

  test.each<[string, Partial<WatchedFleet>, string | undefined]>([
    ['is a dead one first', { machines: [idle, dead] }, 'dead'],
    ['is a dead one even with work', { machines: [dead], work: 9, quietSeconds: 0 }, 'dead'],
    [
      'is not one that is silent for less than three boots',
      { machines: [{ ...dead, silentSeconds: 2699 }] },
      undefined,
    ],
    ['is an idle one', { machines: [idle] }, 'idle'],
    [
      'is not one that is idle for less than the limit',
      { machines: [{ ...idle, idleSeconds: 1499 }] },
      undefined,
    ],
    ['is not an idle one while there is work', { machines: [idle], work: 0.01 }, undefined],
    ['is not an idle one soon after a request', { machines: [idle], quietSeconds: 1499 }, undefined],
    ['is not an idle warm one', { machines: [idle], desired: 1, warm: 1 }, undefined],
    [
      'is not a protected one',
      { machines: [dead, idle].map((each) => ({ ...each, endable: false })) },
      undefined,
    ],
  ])('%s', (_, change, expected) => {
    expect(machineToEnd(fleet(change))?.id).toBe(expected);
  });

  test('lowers the desired capacity, unless it is needed as a warm machine', () => {
    expect(machineToEnd(fleet({ machines: [dead] }))).toMatchObject({ decrement: true });
    expect(machineToEnd(fleet({ machines: [dead], desired: 1, warm: 1 }))).toMatchObject({
      decrement: false,
    });
  });
});

const ended = { dead: 0, idle: 0 };
afterAll(() => {
  // Otherwise the traces would show nothing.
  expect(ended.dead).toBeGreaterThan(10);
  expect(ended.idle).toBeGreaterThan(10);
});

describe.each(Object.keys(TRACES))('under a day of %s jobs', (name) => {
  test.each([1, 2, 3])('only dead and idle machines are terminated, and every dead one (seed %i)', (seed) => {
    const random = seeded(seed);
    const simulation = new FleetSimulation(TRACES[name]!(random), random);
    simulation.run();
    for (const { at, machine, ending } of simulation.endings) {
      ended[ending.reason]++;
      expect([isWorking(machine, at), isBooting(machine, at)]).toEqual([false, false]);
      expect(isDead(machine, at) ? 'dead' : 'idle').toBe(ending.reason);
      // A machine that can terminate itself has done so long before.
      if (ending.reason === 'idle') expect(machine.refused).toBe(true);
    }
    const over = simulation.machines.filter((machine) => isDead(machine, 86_400));
    expect(over).toEqual([]);
  });
});
