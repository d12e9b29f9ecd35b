import { Heartbeat } from '../../../docker/worker/src/queue/heartbeat';
import { createLog } from '../../../docker/worker/src/log';
import type { MachineRow } from '../../../core/contract/machine';
import type { WorkerReport } from '../../../core/fleet/machine-store';
import { silentSince } from '../../../core/fleet/watchdog';
import { MemoryMachines } from '../../support/memory-machines';

const MINUTE = 60_000;

/** A machine store whose writes can fail for a while. */
class Machines extends MemoryMachines {
  fails = false;
  readonly beats: number[] = [];

  override async beat(id: string, report: WorkerReport, now: number) {
    if (this.fails) throw new Error('no table');
    this.beats.push(report.idle_seconds);
    return super.beat(id, report, now);
  }
}

let machines: Machines;
let receiver: { busy: number; idleSeconds: number; readyAt: number | undefined };
let held: { state: string; report: () => object };
let rows: MachineRow[];
let modelsIdle: number;
let lines: string[];
let heartbeat: Heartbeat;

beforeEach(() => {
  jest.useFakeTimers();
  machines = new Machines();
  receiver = { busy: 0, idleSeconds: 0, readyAt: undefined };
  held = { state: '', report: () => ({}) };
  rows = [];
  modelsIdle = Infinity;
  lines = [];
  heartbeat = new Heartbeat({
    ...{ machines, receiver, held, instanceId: 'i-1' },
    limitSeconds: () => 300,
    onBeat: (row) => void rows.push(row),
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
    const ending = async () => (await heartbeat.leave())?.ending_at;
    expect(await ending()).toBeUndefined();
    // The sizer has already read the row, so this is too late.
    expect(await machines.markEnding('i-1', seen, Date.now())).toBe(false);
    expect(await machines.markEnding('i-1', machines.get('i-1'), Date.now())).toBe(true);
    expect(await ending()).toBe(Date.now());
    machines.fails = true;
    expect(await heartbeat.leave()).toBeUndefined();
  });

  /** The worker holds this job, as long as there is one. */
  const hold = (state: string, report: Partial<WorkerReport> = {}) => {
    held.state = state;
    held.report = () => report;
  };

  it('reports within seconds when jobs are taken, begin or end, but not more often than every two seconds', async () => {
    await pass(5_000);
    expect(machines.beats).toHaveLength(1);
    hold('job-1', { holding: ['job-1'], busy_until: Date.now() + 90_000 });
    await pass(1_000);
    expect(machines.beats).toHaveLength(2);
    expect(machines.get('i-1')).toMatchObject({ holding: ['job-1'], busy_until: Date.now() + 89_000 });
    for (let change = 0; change < 20; change++) {
      held.state = `job-${change}`;
      await pass(500);
    }
    expect(machines.beats.length).toBeGreaterThanOrEqual(6);
    expect(machines.beats.length).toBeLessThanOrEqual(7);
    hold('');
    await pass(2_000);
    expect(machines.get('i-1')).not.toHaveProperty('holding');
    expect(machines.get('i-1')).not.toHaveProperty('busy_until');
  });

  it('reports at once when the models are ready, and then keeps that time', async () => {
    await pass(10_000);
    const readyAt = (receiver.readyAt = Date.now());
    await pass(1_000);
    expect(machines.get('i-1')?.ready_at).toBe(readyAt);
    expect(machines.beats).toHaveLength(2);
    await pass(10 * MINUTE);
    expect(machines.get('i-1')?.ready_at).toBe(readyAt);
  });

  it('hands over the row of each regular heartbeat, with what the sizer has noted', async () => {
    await pass(0);
    machines.put('i-1', { ...machines.get('i-1'), notice_at: 1 });
    await pass(MINUTE);
    expect(rows.map(({ notice_at }) => notice_at)).toEqual([undefined, 1]);
  });

  it('leaves what it writes last, even if an earlier heartbeat is slow', async () => {
    await pass(0);
    let go = () => undefined as void;
    const slow = new Promise<void>((resolve) => (go = resolve));
    const beat = machines.beat.bind(machines);
    jest.spyOn(machines, 'beat').mockImplementationOnce(async (...args) => {
      await slow;
      return beat(...args);
    });
    hold('job-1', { holding: ['job-1'] });
    await pass(2_000);
    hold('');
    const left = heartbeat.leave();
    go();
    await left;
    expect(machines.get('i-1')).not.toHaveProperty('holding');
  });
});
