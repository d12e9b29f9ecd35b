import { AutoScalingClient, TerminateInstanceInAutoScalingGroupCommand } from '@aws-sdk/client-auto-scaling';
import { mockClient } from 'aws-sdk-client-mock';
import { IdleWatch } from '../../../docker/worker/src/queue/idle';
import { createLog } from '../../../docker/worker/src/log';

const autoScaling = mockClient(AutoScalingClient);
const log = createLog({ write: () => undefined });

class FakeReceiver {
  idleSeconds = 0;
  busy = 0;
  running = true;
  /** What happens while requests for messages run out. */
  whileDraining: () => void = () => undefined;

  async drain() {
    this.running = false;
    this.whileDraining();
  }

  start() {
    this.running = true;
  }
}

let receiver: FakeReceiver;
let backlog: number;
let health: { unfitSeconds: number; reasons: string[]; modelsIdleSeconds: () => Promise<number> };
let modelsIdle: number;
let mayLeave: boolean;
let watch: IdleWatch;

beforeEach(() => {
  jest.useFakeTimers();
  autoScaling.reset();
  autoScaling.on(TerminateInstanceInAutoScalingGroupCommand).resolves({});
  receiver = new FakeReceiver();
  backlog = 0;
  modelsIdle = Infinity;
  mayLeave = true;
  health = { unfitSeconds: 0, reasons: [], modelsIdleSeconds: async () => modelsIdle };
  watch = new IdleWatch({
    receiver,
    health,
    queue: {
      backlog: async () => {
        expect(receiver.running).toBe(false);
        return backlog;
      },
    },
    heartbeat: { leave: async () => mayLeave },
    autoScaling: new AutoScalingClient({}),
    instanceId: 'i-1',
    limitSeconds: 300,
    log,
  });
  watch.start();
});
afterEach(() => {
  watch.stop();
  jest.useRealTimers();
});

const ends = () => autoScaling.commandCalls(TerminateInstanceInAutoScalingGroupCommand);

describe('an idle machine', () => {
  it('ends itself and lowers the fleet, and takes no more work', async () => {
    receiver.idleSeconds = 299;
    await jest.advanceTimersByTimeAsync(5_000);
    expect(ends()).toHaveLength(0);
    receiver.idleSeconds = 300;
    await jest.advanceTimersByTimeAsync(1_000);
    expect(ends()[0]?.args[0].input).toEqual({ InstanceId: 'i-1', ShouldDecrementDesiredCapacity: true });
    await jest.advanceTimersByTimeAsync(3_600_000);
    expect(ends()).toHaveLength(1);
    expect(receiver.running).toBe(false);
  });

  it('goes on while its services have requests in place, and ends itself when they have had none for as long', async () => {
    receiver.idleSeconds = 3_600;
    modelsIdle = 0;
    await jest.advanceTimersByTimeAsync(60_000);
    modelsIdle = 299;
    await jest.advanceTimersByTimeAsync(5_000);
    expect(ends()).toHaveLength(0);
    expect(receiver.running).toBe(true);
    modelsIdle = 300;
    await jest.advanceTimersByTimeAsync(1_000);
    expect(ends()).toHaveLength(1);
  });

  it('goes on when a request in place has come while it drained', async () => {
    receiver.idleSeconds = modelsIdle = 300;
    receiver.whileDraining = () => (modelsIdle = 1);
    await jest.advanceTimersByTimeAsync(1_000);
    expect(ends()).toHaveLength(0);
    expect(receiver.running).toBe(true);
  });

  it('goes on when messages have come meanwhile', async () => {
    receiver.idleSeconds = 300;
    backlog = 1;
    await jest.advanceTimersByTimeAsync(1_000);
    expect(ends()).toHaveLength(0);
    expect(receiver.running).toBe(true);
  });

  it('goes on when the last request brought a message after all', async () => {
    receiver.idleSeconds = 300;
    receiver.whileDraining = () => (receiver.idleSeconds = 0);
    await jest.advanceTimersByTimeAsync(1_000);
    expect(ends()).toHaveLength(0);
    expect(receiver.running).toBe(true);
  });

  it('leaves it to the sizer that is ending it already: the fleet must lose one place, not two', async () => {
    receiver.idleSeconds = 300;
    mayLeave = false;
    await jest.advanceTimersByTimeAsync(1_000);
    expect(ends()).toHaveLength(0);
    expect(receiver.running).toBe(true);
  });

  it('goes on when it may not end, and asks again only after as long a time', async () => {
    autoScaling
      .on(TerminateInstanceInAutoScalingGroupCommand)
      .rejects(new Error('ScalingActivityInProgress'));
    receiver.idleSeconds = 300;
    await jest.advanceTimersByTimeAsync(290_000);
    expect(ends()).toHaveLength(1);
    expect(receiver.running).toBe(true);
    await jest.advanceTimersByTimeAsync(20_000);
    expect(ends()).toHaveLength(2);
  });

  it('does not begin again once the worker is told to stop', async () => {
    receiver.idleSeconds = 300;
    receiver.whileDraining = () => watch.stop();
    await jest.advanceTimersByTimeAsync(10_000);
    expect(receiver.running).toBe(false);
    expect(ends()).toHaveLength(0);
  });
});

describe('a machine that can take no work', () => {
  beforeEach(() => {
    jest.setSystemTime(Date.now() + 1_200_000);
    backlog = 5;
  });

  it('ends itself after twenty minutes, though jobs wait: another machine may be well', async () => {
    health.unfitSeconds = 1_199;
    await jest.advanceTimersByTimeAsync(5_000);
    expect(ends()).toHaveLength(0);
    health.unfitSeconds = 1_200;
    await jest.advanceTimersByTimeAsync(1_000);
    expect(ends()[0]?.args[0].input).toEqual({ InstanceId: 'i-1', ShouldDecrementDesiredCapacity: true });
    expect(receiver.running).toBe(false);
  });

  it('ends itself, too, where it was idle before and found jobs that it cannot take', async () => {
    receiver.idleSeconds = 300;
    for (let second = 0; second < 1_200; second++) {
      health.unfitSeconds = second;
      await jest.advanceTimersByTimeAsync(1_000);
    }
    expect(ends()).toHaveLength(0);
    health.unfitSeconds = 1_200;
    await jest.advanceTimersByTimeAsync(2_000);
    expect(ends()).toHaveLength(1);
  });

  it('goes on while it has a job in hand', async () => {
    health.unfitSeconds = 3_600;
    receiver.busy = 1;
    await jest.advanceTimersByTimeAsync(5_000);
    expect(ends()).toHaveLength(0);
    expect(receiver.running).toBe(true);
  });

  it('goes on when it is well again at the last moment', async () => {
    health.unfitSeconds = 1_200;
    receiver.whileDraining = () => (health.unfitSeconds = 0);
    await jest.advanceTimersByTimeAsync(1_000);
    expect(ends()).toHaveLength(0);
    expect(receiver.running).toBe(true);
  });

  it('asks again only after as long a time when it may not end', async () => {
    autoScaling
      .on(TerminateInstanceInAutoScalingGroupCommand)
      .rejects(new Error('ScalingActivityInProgress'));
    health.unfitSeconds = 1_200;
    await jest.advanceTimersByTimeAsync(1_190_000);
    expect(ends()).toHaveLength(1);
    await jest.advanceTimersByTimeAsync(20_000);
    expect(ends()).toHaveLength(2);
  });
});
