import { AutoScalingClient, TerminateInstanceInAutoScalingGroupCommand } from '@aws-sdk/client-auto-scaling';
import { mockClient } from 'aws-sdk-client-mock';
import type { MachineRow } from '../../../core/contract/machine';
import { createLog } from '../../../docker/worker/src/log';
import { MachineEnd } from '../../../docker/worker/src/queue/machine-end';

const MINUTE = 60_000;
const autoScaling = mockClient(AutoScalingClient);
let row: Partial<MachineRow> | undefined;
let machineEnd: MachineEnd;
let lines: string[];

beforeEach(() => {
  autoScaling.reset();
  autoScaling.on(TerminateInstanceInAutoScalingGroupCommand).resolves({});
  row = { id: 'machine#i-1' };
  lines = [];
  machineEnd = new MachineEnd({
    heartbeat: { leave: async () => row as MachineRow | undefined },
    autoScaling: new AutoScalingClient({}),
    instanceId: 'i-1',
    log: createLog({ write: (line) => void lines.push(line) }),
  });
});

const ends = () =>
  autoScaling.commandCalls(TerminateInstanceInAutoScalingGroupCommand).map(({ args }) => args[0].input);
const ONCE = [{ InstanceId: 'i-1', ShouldDecrementDesiredCapacity: true }];
const refuse = () =>
  autoScaling.on(TerminateInstanceInAutoScalingGroupCommand).rejects(new Error('ValidationError'));

describe('the end of a machine', () => {
  it('takes one machine from the fleet', async () => {
    expect(await machineEnd.end()).toBe(true);
    expect(ends()).toEqual(ONCE);
  });

  it('is left to the sizer that has begun it: the fleet must shrink by one, not two', async () => {
    row = { ending_at: Date.now(), notice_at: Date.now() };
    expect(await machineEnd.end()).toBe(false);
    await machineEnd.leave();
    expect(ends()).toEqual([]);
  });

  it('needs no answer of the table', async () => {
    row = undefined;
    expect(await machineEnd.end()).toBe(true);
    expect(ends()).toEqual(ONCE);
  });

  it('fails if Auto Scaling refuses, and can be tried again', async () => {
    refuse();
    await expect(machineEnd.end()).rejects.toThrow('ValidationError');
    autoScaling.on(TerminateInstanceInAutoScalingGroupCommand).resolves({});
    expect(await machineEnd.end()).toBe(true);
    expect(ends()).toHaveLength(2);
  });
});

describe('a worker that has returned its jobs', () => {
  it('leaves its machine running: the next task starts on it', async () => {
    await machineEnd.leave();
    row = undefined;
    await machineEnd.leave();
    expect(ends()).toEqual([]);
  });

  it('ends its machine if AWS has announced to take it back', async () => {
    row = { notice_at: Date.now() - MINUTE };
    await machineEnd.leave();
    expect(ends()).toEqual(ONCE);
  });

  it('ignores an old notice', async () => {
    row = { notice_at: Date.now() - 6 * MINUTE };
    await machineEnd.leave();
    expect(ends()).toEqual([]);
  });

  it('does not take another one from the fleet if its idle machine has just ended', async () => {
    await machineEnd.end();
    row = { notice_at: Date.now() };
    await Promise.all([machineEnd.leave(), machineEnd.leave()]);
    expect(ends()).toEqual(ONCE);
  });

  it('stops in any case: a machine that ends already is refused', async () => {
    refuse();
    row = { notice_at: Date.now() };
    await machineEnd.leave();
    expect(lines.join()).toContain('could not be ended');
  });
});
