import { Heartbeat } from '../../../docker/worker/src/queue/heartbeat';
import { createLog } from '../../../docker/worker/src/log';
import { silentSince } from '../../../core/fleet/watchdog';
import { MemoryMachines } from '../../support/memory-machines';

const MINUTE = 60_000;

/** Machines whose rows cannot be written for a while. */
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
  it('begins with the worker, before any model is ready, and comes each minute', async () => {
    await pass(0);
    expect(machines.beats).toEqual([0]);
    await pass(10 * MINUTE);
    expect(machines.beats.length).toBeGreaterThanOrEqual(10);
    expect(machines.beats.length).toBeLessThanOrEqual(11);
  });

  it('says for how long there has been no work, neither a job nor a request', async () => {
    receiver.idleSeconds = 500.7;
    await pass(MINUTE);
    modelsIdle = 20;
    await pass(MINUTE);
    expect(machines.beats.slice(0, 2)).toEqual([0, 500]);
    expect(machines.get('i-1')?.idle_seconds).toBe(20);
  });

  it('says at once that work begins, and nothing more of many short requests', async () => {
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

  it('says at once that a model service gets requests, where the sizer might end the machine', async () => {
    receiver.idleSeconds = 400;
    await pass(MINUTE + 1);
    expect(machines.get('i-1')?.idle_seconds).toBe(400);
    modelsIdle = 0;
    await pass(1_000);
    expect(machines.get('i-1')?.idle_seconds).toBe(0);
  });

  it('goes on after it could not be written, and breaks the silence that the sizer has noted', async () => {
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

  it('tells the sizer that the machine is about to end itself, unless the sizer ends it', async () => {
    receiver.idleSeconds = 400;
    await pass(2 * MINUTE);
    const seen = machines.get('i-1');
    await pass(1);
    expect(await heartbeat.leave()).toBe(true);
    // The sizer has read the row before: it comes too late.
    expect(await machines.markEnding('i-1', seen, Date.now())).toBe(false);
    expect(await machines.markEnding('i-1', machines.get('i-1'), Date.now())).toBe(true);
    expect(await heartbeat.leave()).toBe(false);
    machines.fails = true;
    expect(await heartbeat.leave()).toBe(true);
  });
});
