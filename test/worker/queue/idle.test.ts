import { IdleWatch } from '../../../docker/worker/src/queue/idle';
import { createLog } from '../../../docker/worker/src/log';

const log = createLog({ write: () => undefined });

class FakeReceiver {
  idleSeconds = 0;
  busy = 0;
  running = true;
  /** Called while the receiver drains. */
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
/** Returns whether the machine ends. */
let end: jest.Mock<Promise<boolean>>;
let limitSeconds: number;
let isDraining: boolean;
let watch: IdleWatch;

beforeEach(() => {
  jest.useFakeTimers();
  receiver = new FakeReceiver();
  backlog = 0;
  modelsIdle = Infinity;
  end = jest.fn(async () => true);
  limitSeconds = 300;
  isDraining = false;
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
    machineEnd: { end },
    limitSeconds: () => limitSeconds,
    isDraining: () => isDraining,
    log,
  });
  watch.start();
});
afterEach(() => {
  watch.stop();
  jest.useRealTimers();
});

const refuse = () => end.mockRejectedValue(new Error('ScalingActivityInProgress'));

describe('a machine that drains', () => {
  it('takes no more jobs, finishes those it has, and ends although others wait', async () => {
    backlog = 5;
    isDraining = true;
    receiver.busy = 1;
    let finish = () => {};
    receiver.drain = () => {
      receiver.running = false;
      return new Promise((resolve) => (finish = resolve));
    };
    await jest.advanceTimersByTimeAsync(60_000);
    expect(receiver.running).toBe(false);
    expect(end).not.toHaveBeenCalled();
    finish();
    await jest.advanceTimersByTimeAsync(1_000);
    expect(end).toHaveBeenCalledTimes(1);
  });

  it('tries again after a minute if its end is refused, and takes no job meanwhile', async () => {
    isDraining = true;
    refuse();
    await jest.advanceTimersByTimeAsync(60_000);
    expect(end).toHaveBeenCalledTimes(1);
    expect(receiver.running).toBe(false);
    await jest.advanceTimersByTimeAsync(3_000);
    expect(end).toHaveBeenCalledTimes(2);
  });
});

describe('an idle machine', () => {
  it('ends and takes no more work', async () => {
    receiver.idleSeconds = 299;
    await jest.advanceTimersByTimeAsync(5_000);
    expect(end).not.toHaveBeenCalled();
    receiver.idleSeconds = 300;
    await jest.advanceTimersByTimeAsync(1_000);
    expect(end).toHaveBeenCalledTimes(1);
    await jest.advanceTimersByTimeAsync(3_600_000);
    expect(end).toHaveBeenCalledTimes(1);
    expect(receiver.running).toBe(false);
  });

  it('continues while its services have synchronous requests, and terminates itself when they have been idle', async () => {
    receiver.idleSeconds = 3_600;
    modelsIdle = 0;
    await jest.advanceTimersByTimeAsync(60_000);
    modelsIdle = 299;
    await jest.advanceTimersByTimeAsync(5_000);
    expect(end).not.toHaveBeenCalled();
    expect(receiver.running).toBe(true);
    modelsIdle = 300;
    await jest.advanceTimersByTimeAsync(1_000);
    expect(end).toHaveBeenCalledTimes(1);
  });

  it('continues if a synchronous request arrived while it drained', async () => {
    receiver.idleSeconds = modelsIdle = 300;
    receiver.whileDraining = () => (modelsIdle = 1);
    await jest.advanceTimersByTimeAsync(1_000);
    expect(end).not.toHaveBeenCalled();
    expect(receiver.running).toBe(true);
  });

  it('continues if messages have arrived meanwhile', async () => {
    receiver.idleSeconds = 300;
    backlog = 1;
    await jest.advanceTimersByTimeAsync(1_000);
    expect(end).not.toHaveBeenCalled();
    expect(receiver.running).toBe(true);
  });

  it('continues if the last receive request returned a message', async () => {
    receiver.idleSeconds = 300;
    receiver.whileDraining = () => (receiver.idleSeconds = 0);
    await jest.advanceTimersByTimeAsync(1_000);
    expect(end).not.toHaveBeenCalled();
    expect(receiver.running).toBe(true);
  });

  it('continues while the sizer is ending it', async () => {
    receiver.idleSeconds = 300;
    end.mockResolvedValue(false);
    await jest.advanceTimersByTimeAsync(1_000);
    expect(end).toHaveBeenCalledTimes(1);
    expect(receiver.running).toBe(true);
  });

  it('follows a limit that changes', async () => {
    receiver.idleSeconds = 20;
    await jest.advanceTimersByTimeAsync(5_000);
    expect(end).not.toHaveBeenCalled();
    limitSeconds = 10;
    await jest.advanceTimersByTimeAsync(1_000);
    expect(end).toHaveBeenCalledTimes(1);
  });

  it('continues if termination is refused, and asks again only after the same time', async () => {
    refuse();
    receiver.idleSeconds = 300;
    await jest.advanceTimersByTimeAsync(290_000);
    expect(end).toHaveBeenCalledTimes(1);
    expect(receiver.running).toBe(true);
    await jest.advanceTimersByTimeAsync(20_000);
    expect(end).toHaveBeenCalledTimes(2);
  });

  it('does not start again once the worker is stopped', async () => {
    receiver.idleSeconds = 300;
    receiver.whileDraining = () => watch.stop();
    await jest.advanceTimersByTimeAsync(10_000);
    expect(receiver.running).toBe(false);
    expect(end).not.toHaveBeenCalled();
  });
});

describe('a machine that cannot take work', () => {
  beforeEach(() => {
    jest.setSystemTime(Date.now() + 1_200_000);
    backlog = 5;
  });

  it('terminates itself after twenty minutes even if jobs wait: another machine may be healthy', async () => {
    health.unfitSeconds = 1_199;
    await jest.advanceTimersByTimeAsync(5_000);
    expect(end).not.toHaveBeenCalled();
    health.unfitSeconds = 1_200;
    await jest.advanceTimersByTimeAsync(1_000);
    expect(end).toHaveBeenCalledTimes(1);
    expect(receiver.running).toBe(false);
  });

  it('terminates itself if it was idle and then cannot take waiting jobs', async () => {
    receiver.idleSeconds = 300;
    for (let second = 0; second < 1_200; second++) {
      health.unfitSeconds = second;
      await jest.advanceTimersByTimeAsync(1_000);
    }
    expect(end).not.toHaveBeenCalled();
    health.unfitSeconds = 1_200;
    await jest.advanceTimersByTimeAsync(2_000);
    expect(end).toHaveBeenCalledTimes(1);
  });

  it('continues while it runs a job', async () => {
    health.unfitSeconds = 3_600;
    receiver.busy = 1;
    await jest.advanceTimersByTimeAsync(5_000);
    expect(end).not.toHaveBeenCalled();
    expect(receiver.running).toBe(true);
  });

  it('continues if it becomes healthy at the last moment', async () => {
    health.unfitSeconds = 1_200;
    receiver.whileDraining = () => (health.unfitSeconds = 0);
    await jest.advanceTimersByTimeAsync(1_000);
    expect(end).not.toHaveBeenCalled();
    expect(receiver.running).toBe(true);
  });

  it('asks again only after the same time if termination is refused', async () => {
    refuse();
    health.unfitSeconds = 1_200;
    await jest.advanceTimersByTimeAsync(1_190_000);
    expect(end).toHaveBeenCalledTimes(1);
    await jest.advanceTimersByTimeAsync(20_000);
    expect(end).toHaveBeenCalledTimes(2);
  });
});
