import { Heartbeat } from '../../../docker/worker/src/queue/heartbeat';
import { createLog } from '../../../docker/worker/src/log';
import { silentSince } from '../../../core/fleet/watchdog';
import { MemoryMachines } from '../../support/memory-machines';

const MINUTE = 60_000;

/** A machine store whose writes can fail for a while. */
class Machines extends MemoryMachines {
  fails = false;
  readonly beats: number[] = [];

  override async beat(id: string, idle: number, now: number) {
    if (this.fails) throw new Error('no table');
    this.beats.push(idle);
    return super.beat(id, idle, now);
  }
}

let machines: Machines;
let receiver: { busy: number; idleSeconds: number };
let modelsIdle: number;
let lines: string[];
let heartbeat: Heartbeat;

beforeEach(() => {
  jest.useFakeTimers();
  machines = new Machines();
  receiver = { busy: 0, idleSeconds: 0 };
  modelsIdle = Infinity;
  lines = [];
  heartbeat = new Heartbeat({
    ...{ machines, receiver, instanceId: 'i-1', limitSeconds: 300 },
    health: { modelsIdleSeconds: async () => modelsIdle },
    log: createLog({ write: (line) => void lines.push(line) }),
  });
  heartbeat.start();
});
afterEach(() => {
  heartbeat.stop();
  jest.useRealTimers();
});

const pass = (ms: number) => jest.advanceTimersByTimeAsync(ms);

describe('a worker’s heartbeat', () => {
  it('starts with the worker, before any model is ready, and is sent every minute', async () => {
    await pass(0);
    expect(machines.beats).toEqual([0]);
    await pass(10 * MINUTE);
    expect(machines.beats.length).toBeGreaterThanOrEqual(10);
    expect(machines.beats.length).toBeLessThanOrEqual(11);
  });

  it('reports the idle time, without jobs and requests', async () => {
    receiver.idleSeconds = 500.7;
    await pass(MINUTE);
    modelsIdle = 20;
    await pass(MINUTE);
    expect(machines.beats.slice(0, 2)).toEqual([0, 500]);
    expect(machines.get('i-1')?.idle_seconds).toBe(20);
  });

  it('reports the start of work at once, but not each of many short requests', async () => {
    receiver.idleSeconds = 10;
    await pass(MINUTE + 1);
    expect(machines.get('i-1')?.idle_seconds).toBe(10);
    const before = machines.beats.length;
    for (let second = 0; second < 30; second++) {
      receiver.busy = second % 2;
      receiver.idleSeconds = 1 - receiver.busy;
      await pass(1_000);
    }
    expect(machines.get('i-1')?.idle_seconds).toBe(0);
    expect(machines.beats.length).toBe(before + 1);
  });

  it('reports requests of a model service at once if the sizer might terminate the machine', async () => {
    receiver.idleSeconds = 400;
    await pass(MINUTE + 1);
    expect(machines.get('i-1')?.idle_seconds).toBe(400);
    modelsIdle = 0;
    await pass(1_000);
    expect(machines.get('i-1')?.idle_seconds).toBe(0);
  });

  it('continues after a failed write, and corrects the silence noted by the sizer', async () => {
    machines.fails = true;
    await pass(10 * MINUTE);
    expect(lines.length).toBeGreaterThanOrEqual(9);
    const now = Date.now();
    await machines.noteSilence('i-1', machines.get('i-1'), now - 44 * MINUTE, now);
    machines.fails = false;
    await pass(MINUTE);
    expect(silentSince(machines.get('i-1'), Date.now())).toBeUndefined();
    expect(machines.get('i-1')?.silent_since).toBeUndefined();
  });

  it('ends with the worker', async () => {
    await pass(0);
    heartbeat.stop();
    await pass(10 * MINUTE);
    expect(machines.beats).toHaveLength(1);
  });

  it('reports to the sizer that the machine terminates itself, unless the sizer does so', async () => {
    receiver.idleSeconds = 400;
    await pass(2 * MINUTE);
    const seen = machines.get('i-1');
    await pass(1);
    expect(await heartbeat.leave()).toBe(true);
    // The sizer has already read the row, so this is too late.
    expect(await machines.markEnding('i-1', seen, Date.now())).toBe(false);
    expect(await machines.markEnding('i-1', machines.get('i-1'), Date.now())).toBe(true);
    expect(await heartbeat.leave()).toBe(false);
    machines.fails = true;
    expect(await heartbeat.leave()).toBe(true);
  });
});
